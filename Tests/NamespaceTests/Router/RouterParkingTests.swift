import Chance
import Lab
import LabText
import Testing

extension RouterSuites {
    /// The kernel flushes the routes of a group whose last carrier goes. Does `when-all-down` keep its word, and do all routes return?
    @Suite(.serialized)
    struct ParkingTests {
        /// Enough that a plan is sent in stages over both lanes.
        private static let count = 1500
        private static let listed = 3000

        private static func file(_ rule: String) -> String {
            let single = (0..<count / 2).flatMap { number in
                [
                    "10.\(100 + number / 250).\(number % 250).0/24: wan",
                    "\"2001:db8:\(hex(0x1000 + number))::/48\": wan",
                ]
            }
            return RouterFile.links(
                whenAllDown: rule,
                routes: single + ["only: { file: list.txt, use: wan }", "10.31.0.0/16: wan.first"]
            )
        }

        private static func hex(_ number: Int) -> String { String(number, radix: 16) }

        private static let list = (0..<listed).map { number in
            number % 2 == 0
                ? "100.\(64 + number / 250).\(number % 250).0/24\n" : "2001:db8:\(hex(0x4000 + number))::/48\n"
        }.joined()

        @Test(.timeLimit(.minutes(1)), arguments: ["keep-last", "blackhole", "unreachable"])
        func noRouteIsLostWhenTheLastCarriersGoAndReturnAgainAndAgain(rule: String) throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(Self.file(rule), in: lab.router, of: lab.workspace)
            try TextFile.write(Self.list, to: router.path("list.txt"))
            try router.start()
            let whole = try routes(lab)
            #expect(whole.values.reduce(0, +) > Self.count + Self.listed)
            var chance = SeededGenerator(0x5041_524B)
            for round in 0..<4 {
                // In any order, with pauses shorter and longer than a repair takes.
                for number in [0, 1].shuffled(using: &chance) {
                    try lab.carrierDown(number)
                    rest(.milliseconds(Int64.random(in: 0...60, using: &chance)))
                }
                if round % 2 == 1 { try dark(rule, whole, router, lab) }
                for number in [0, 1].shuffled(using: &chance) {
                    try lab.carrierUp(number)
                    rest(.milliseconds(Int64.random(in: 0...60, using: &chance)))
                }
                let back = Moment.now
                try eventually("all routes, round \(round)", within: RouterUnderTest.patience, every: .milliseconds(20))
                {
                    try routes(lab) == whole
                }
                measured("\(rule): last carrier back to all routes as before", Moment.now.milliseconds(since: back))
            }
            try router.waitUntilSettled()
            #expect(try router.alarms == [])
        }

        /// With no carrier at all every route is still there, and does what the file says; but for the one with a gateway of its own.
        private func dark(
            _ rule: String,
            _ whole: [String: Int],
            _ router: RouterUnderTest,
            _ lab: RouterOnly
        ) throws {
            let type = rule == "unreachable" ? "unreachable" : "blackhole"
            let ours = whole.filter { $0.key.contains("unicast") }
            try eventually("every route a \(type) one", within: RouterUnderTest.patience, every: .milliseconds(20)) {
                let now = try routes(lab)
                return ours.allSatisfy { key, count in
                    let waiting = key.hasPrefix("v4") ? 1 : 0
                    return (now[key.replacingFirst("unicast", with: type)] ?? 0) >= count - waiting && now[key] == nil
                }
            }
        }

        /// How many routes of ours each family has of each type in the main table.
        private func routes(_ lab: RouterOnly) throws -> [String: Int] {
            var counts: [String: Int] = [:]
            for family in Family.allCases {
                let flag = family == .v4 ? "-4" : "-6"
                let text = try lab.router.run(["ip", flag, "route", "show", "proto", "219"])
                for line in text.split(separator: "\n") where !line.hasPrefix("\t") {
                    let type = line.split(separator: " ").first.map(String.init) ?? ""
                    let isPlain = type == "default" || type.contains("/") || type.contains(".") || type.contains(":")
                    counts["\(family) \(isPlain ? "unicast" : type)", default: 0] += 1
                }
            }
            return counts
        }
    }
}
