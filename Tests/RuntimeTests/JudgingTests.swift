/// Strategies, limits and allowances in whole turns: which kernel messages they cost, and what is kept.
import ConfigSyntax
import Forwarding
import Liveness
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite struct JudgingTests {
    static func file(_ group: String, _ fiber: String = "", _ cable: String = "") -> String {
        """
        version: 1
        network:
          probes: { internet: { icmp: [192.0.2.53], every: 200ms, timeout: 150ms, down-after: 3, up-after: 2 } }
          groups:
            wan:
              \(group)
              members:
                fiber: { dev: eth0, via: 203.0.113.1, weight: 3, probe: internet, \(fiber) }
                cable: { dev: eth1, via: 198.51.100.1, probe: internet, \(cable) }
          routes: { default: wan }

        """
    }

    private func answer(_ member: String, _ milliseconds: Int64) -> ProbeResult {
        ProbeResult(
            member: member,
            scope: .v4,
            signal: .success,
            at: Instant(nanoseconds: 0),
            rtt: .milliseconds(milliseconds),
            figures: Figures(sent: 32, lost: 0)
        )
    }

    /// Both members answer every 200 ms; the shares' notes and the kernel changes on the way.
    private func run(_ rig: inout Rig, _ seconds: Int, _ fiber: Int64, _ cable: Int64) -> (notes: [Note], sent: Int) {
        var (notes, sent): ([Note], Int) = ([], 0)
        for _ in 0..<(seconds * 5) {
            let slept = rig.sleep(.milliseconds(200))
            let told = rig.tell(.probed([answer("wan.fiber", fiber), answer("wan.cable", cable)]))
            notes += (slept + told).notes
            sent += (slept + told).changes.count
            rig.settle()
        }
        return (notes.filter { if case .shares = $0 { true } else { false } }, sent)
    }

    @Test func aSlowedMemberCostsOneMessageAndItsReturnAnother() throws {
        var rig = try Rig.running(Self.file("strategy: latency"))
        _ = run(&rig, 3, 20, 20)
        let away = run(&rig, 10, 200, 20)
        #expect(away.notes == [.shares(.network, group: "wan", .v4, [NotedShare(member: "wan.cable", weight: 1)])])
        #expect(away.sent == 1)
        let back = run(&rig, 20, 20, 20)
        #expect(back.notes.count == 1 && back.sent == 1)
        #expect(run(&rig, 60, 21, 20).sent == 0, "and then nothing")
    }

    @Test func heldDownEndsByTheAlarmClockAlone() throws {
        var rig = try Rig.running(Self.file("hold-down: 10s"))
        _ = run(&rig, 1, 20, 20)
        rig.fail("wan.fiber")
        rig.settle()
        for _ in 0..<2 { rig.tell(.probed([answer("wan.fiber", 20)])) }
        #expect(rig.tell(.probed([answer("wan.fiber", 20)])).changes.isEmpty, "up, and held down")
        #expect(rig.sleep(.seconds(9)).changes.isEmpty)
        #expect(rig.sleep(.seconds(2)).changes.count == 1)
    }

    // MARK: - Allowances

    private static let metered = file(
        "strategy: cost",
        "cost: 4.00 USD/GB, allowance: 1 MB/month",
        "cost: 1.00 USD/GB"
    )

    private func counts(_ bytes: UInt64, day: Int = 20_261_126, boot: String = "b1", device: String = "eth0") -> Fact {
        .bytesCounted(DeviceCounts(boot: boot, day: day, devices: [.init(name: device, bytes: bytes)]))
    }

    private func carriers(_ rig: Rig) -> [String] {
        guard let groups = rig.router.network?.groups else { return [] }
        return groups.shares(of: GroupID(0), in: .v4).carrying.map { groups[$0.member].definition.name.value }
    }

    @Test func anAllowanceIsCountedFromTheFirstReadingAndMovesLoadAtItsEnd() throws {
        var rig = Rig()
        let asked = try rig.configure(Self.metered)
        #expect(asked.contains { if case .count(["eth0"]) = $0 { true } else { false } })
        rig.readKernel()
        rig.settle()
        #expect(carriers(rig) == ["fiber"], "free")
        rig.tell(counts(5_000_000))
        #expect(carriers(rig) == ["fiber"], "what passed before anybody counted is not held against it")
        rig.tell(counts(5_900_000))
        #expect(carriers(rig) == ["fiber", "cable"], "near its end")
        rig.tell(counts(6_000_000))
        #expect(carriers(rig) == ["cable"])
        rig.tell(counts(6_000_001, day: 20_261_130))
        #expect(carriers(rig) == ["cable"], "the same month")
        rig.tell(counts(6_000_002, day: 20_261_201))
        #expect(carriers(rig) == ["fiber"], "a new month")
        rig.tell(counts(6_000_003, day: 20_261_130))
        #expect(carriers(rig) == ["cable"], "a clock set back finds what it left")
    }

    @Test func whatWasUsedOutlivesTheDaemonAndCountsWhatPassedMeanwhile() throws {
        var rig = try Rig.running(Self.metered)
        rig.tell(counts(0))
        let kept = rig.tell(counts(700_000)).compactMap { if case .keepUsage(let usage) = $0 { usage } else { nil } }
        var next = Rig()
        next.tell(.usage(try #require(kept.last)))
        try next.configure(Self.metered)
        next.readKernel()
        next.settle()
        #expect(next.router.meters.used(by: "wan.fiber") == 700_000)
        next.tell(counts(1_000_000))
        #expect(next.router.meters.used(by: "wan.fiber") == 1_000_000 && carriers(next) == ["cable"])
        var rebooted = Rig()
        rebooted.tell(.usage(try #require(kept.last)))
        try rebooted.configure(Self.metered)
        rebooted.tell(counts(100_000, boot: "b2"))
        #expect(rebooted.router.meters.used(by: "wan.fiber") == 800_000, "counters began at zero")
    }

    @Test func aDeviceMadeAnewCountsFromZeroAndAStrangersNotAtAll() throws {
        var rig = try Rig.running(Self.metered)
        rig.tell(counts(500_000))
        rig.tell(counts(600_000))
        rig.tell(counts(40_000))
        rig.tell(counts(900_000_000, device: "eth9"))
        #expect(rig.router.meters.used(by: "wan.fiber") == 140_000)
    }

    @Test func itIsKeptSeldomAndAtAPeriodsTurn() throws {
        var rig = try Rig.running(Self.metered)
        var keeps = 0
        for step in 0...1000 {
            let effects = rig.tell(counts(UInt64(step) * 1000, day: step < 500 ? 20_261_130 : 20_261_201))
            keeps += effects.count { if case .keepUsage = $0 { true } else { false } }
        }
        #expect((60...70).contains(keeps), "a 64th of the allowance each: \(keeps)")
    }

    @Test func whenNothingIsMeteredNothingIsCounted() throws {
        var rig = Rig()
        let before = try rig.configure(Rig.network)
        #expect(!before.contains { if case .count = $0 { true } else { false } })
        try rig.configure(Self.metered)
        let after = try rig.configure(Rig.network)
        #expect(after.contains { if case .count([]) = $0 { true } else { false } })
        #expect(rig.router.network?.groups.members.allSatisfy { $0.allowance == nil } == true)
    }
}
