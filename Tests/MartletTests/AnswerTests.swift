/// The answers that are more than a table, as people read them, and the events as programs do.
import Control
import NetTypes
import Testing

@testable import martlet

@Suite struct AnswerTests {
    @Test func statusIsOneScreen() {
        // Up since 1 s after 1970; asked 3 h 12 min later.
        let text = Samples.status.text(.plain, now: (1 + 3 * 3600 + 12 * 60) * 1_000_000)
        #expect(
            text
                == """
                martletd 0.1.0, up 3h 12m, generation 4, configuration 7
                files    /etc/martlet/martlet.yaml
                network  1 group, 2 of 3 members up
                models   not configured

                PLANE    GROUP  SCOPE  STRATEGY  STATE     TIER  SHARES                                CAUSE
                network  wan    ipv4   weighted  carrying     1  fiber 75 %, cable 25 %, lte (standby)  martlet.yaml:14

                no alarms
                """.replacing(
                    "SHARES                                CAUSE",
                    with: "SHARES                                 CAUSE"
                )
        )
    }

    @Test func alarmsEndTheScreen() {
        var status = Samples.status
        status.alarms = ["the gateway ended three times in a minute"]
        status.startedAt = .max
        let lines = status.text(.plain, now: 0).split(separator: "\n")
        #expect(lines.first == "martletd 0.1.0, up 0s, generation 4, configuration 7", "clocks may be set back")
        #expect(lines.suffix(2) == ["alarms", "  - the gateway ended three times in a minute"])
    }

    @Test func anExplanationIsItsAnswerItsStepsAndWhatWouldChangeIt() {
        let reply = ExplainReply(
            answer: "leaves by wan.fiber",
            works: true,
            steps: [
                .init("rule", "7000: lookup main suppress_prefixlength 0"),
                .init("route", "default → group wan", cause: "martlet.yaml:30"),
            ],
            wouldChange: ["wan.fiber down → wan.cable"]
        )
        #expect(
            reply.text(.plain) == """
                leaves by wan.fiber

                1  rule   7000: lookup main suppress_prefixlength 0
                2  route  default → group wan                        martlet.yaml:30
                would change:
                  - wan.fiber down → wan.cable
                """
        )
    }

    @Test func aPlanNumbersItsChangesAndNamesTheirLines() {
        let reply = PlanReply(
            changes: [
                .init(verb: "set", kind: "next hop", object: "id 1 via 192.0.2.1 dev eth0", cause: "martlet.yaml:17"),
                .init(verb: "delete", kind: "route", object: "10.0.0.0/8 table 254", cause: nil),
            ],
            conflicts: ["a stranger holds route 10.20.0.0/16"],
            losses: ["route 10.98.0.0/16 of protocol bird leads over a next hop that goes"],
            pending: [],
            overrides: ["wan.lte is drained"]
        )
        #expect(
            reply.text(.plain) == """
                1  set     next hop  id 1 via 192.0.2.1 dev eth0  martlet.yaml:17
                2  delete  route     10.0.0.0/8 table 254         no line asks for it any more
                2 changes; nothing was changed
                in the way:
                  - a stranger holds route 10.20.0.0/16
                strangers' that go along:
                  - route 10.98.0.0/16 of protocol bird leads over a next hop that goes
                overrides in force:
                  - wan.lte is drained
                """
        )
    }

    @Test func anEmptyPlanSaysThatAllIsAsTheFileSays() {
        let reply = PlanReply(changes: [], conflicts: [], pending: [], overrides: [])
        #expect(reply.text(.plain) == "nothing to change: the kernel holds what the file says")
    }

    @Test(arguments: [
        (
            ApplyReply(
                generation: 2,
                configuration: 2,
                changes: 0,
                accepted: 0,
                refused: [],
                conflicts: [],
                pending: []
            ),
            "no change needed"
        ),
        (
            ApplyReply(
                generation: 2,
                configuration: 2,
                changes: 1,
                accepted: 1,
                refused: [],
                conflicts: [],
                pending: []
            ),
            "1 change, all taken by the kernel"
        ),
        (
            ApplyReply(
                generation: 2,
                configuration: 2,
                changes: 3,
                accepted: 2,
                refused: ["x"],
                conflicts: [],
                pending: []
            ),
            "3 changes, 2 taken by the kernel\nrefused:\n  - x"
        ),
    ])
    func anApplySaysWhatBecameOfIt(reply: ApplyReply, words: String) {
        #expect(reply.text(.plain) == "configuration 2: " + words)
    }

    @Test func anEventIsOneLineInBothFormats() throws {
        let event = WatchEvent(at: 3_723_004_000, kind: "health", words: "a\nb", fields: [.init("member", "wan.fiber")])
        #expect(event.text(.plain, in: .utc) == "01:02:03.004  health    a\\u{a}b")
        let json = try Output.renderLine(event, as: .json)
        #expect(!json.contains("\n"))
        #expect(try ControlJSON.decode(WatchEvent.self, from: Array(json.utf8)) == event)
    }

    @Test(
        arguments: [
            (0, "0s"), (59, "59s"), (60, "1m 0s"), (3599, "59m 59s"), (3600, "1h 0m"), (86399, "23h 59m"),
            (86400, "1d 0h"),
            (400 * 86400 + 3600, "400d 1h"), (-5, "0s"),
        ] as [(Int64, String)]
    )
    func anAgeIsInItsTwoLargestUnits(seconds: Int64, words: String) {
        #expect(Moment.age(.seconds(seconds)) == words)
    }

    @Test func aMomentIsReadable() {
        #expect(Moment.dateAndTime(1_795_371_256_123_456, in: .utc) == "2026-11-22 18:14:16")
        #expect(Moment.timeOfDay(1_795_371_256_123_456, in: .utc) == "18:14:16.123")
        #expect(Moment.dateAndTime(0, in: .utc) == "1970-01-01 00:00:00")
    }

    @Test(arguments: [
        (Undrain.isDown("wan.a", among: [row("wan.a", "down")]), true, "down"),
        (Undrain.isDown("network:wan.a", among: [row("wan.a", "down")]), true, "named with its plane"),
        (Undrain.isDown("models:wan.a", among: [row("wan.a", "down")]), false, "the other plane's"),
        (Undrain.isDown("wan.a", among: [row("wan.a", "drain"), row("wan.b", "down")]), false, "another member"),
    ])
    func undrainDoesNotLiftADown(isDown: Bool, expected: Bool, why: String) {
        #expect(isDown == expected, "\(why)")
    }

    private static func row(_ name: String, _ admin: String) -> MemberRow {
        var row = Samples.member
        (row.name, row.admin) = (name, admin)
        return row
    }
}
