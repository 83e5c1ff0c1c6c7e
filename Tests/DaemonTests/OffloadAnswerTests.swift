/// What an operator sees of forwarding hardware that does not take a route, and of announcements that were lost.
import ConfigModel
import ConfigYAML
import Control
import Forwarding
import NetTypes
import Runtime
import Testing

@testable import Daemon

@Suite struct OffloadAnswerTests {
    private static let text = """
        version: 1
        network:
          routes: { \((0..<8).map { "10.\($0).0.0/16: blackhole" }.joined(separator: ", ")) }

        """

    /// A router whose routes the kernel has, with these flags.
    private func answers(_ flags: [Offload], overruns: Int = 0) throws -> Answers {
        let tree = ConfigLoader.read(Array(Self.text.utf8), name: "martlet.yaml")
        let configuration = try #require(Configuration.check(tree).configuration)
        var router = Router()
        let now = Instant(nanoseconds: 1)
        func tell(_ kind: Event.Kind) { _ = router.turn(Event(at: now, draw: 0, kind)) }
        tell(.configured(configuration))
        for (number, flags) in flags.enumerated() {
            let key = Route.Key(table: 254, prefix: try IPPrefix(parsing: "10.\(number).0.0/16"), metric: 77)
            let route = Route(key: key, action: .blackhole, routeProtocol: 219)
            tell(.fact(.kernel([.route(route), .routeOffload(key, flags)])))
        }
        for _ in 0..<overruns { tell(.fact(.overrun(.routes))) }
        return Answers(router: router, now: now)
    }

    @Test func aRouteThatHardwareRefusesIsAnAlarmAndItsRowSaysSo() throws {
        let answers = try answers([.failed, [.offloaded, .trapped], .offloaded])
        let alarms = answers.alarms.filter { $0.contains("hardware") }
        #expect(alarms.count == 1 && alarms[0].contains("10.0.0.0/16 table 254 metric 77"), "\(answers.alarms)")
        let rows = answers.routes().filter { $0.kind == "route" }
        #expect(rows.prefix(4).map(\.offload) == ["offload-failed", "offload trap", "offload", nil])
        let page = MetricsPage.text(answers, [])
        for line in ["state=\"offload\"} 2", "state=\"trap\"} 1", "state=\"offload-failed\"} 1"] {
            #expect(page.contains("martlet_kernel_offload_objects{kind=\"route\",\(line)\n"), "\(line)")
        }
    }

    @Test func ofManyOnlyTheFirstAreNamed() throws {
        let alarms = try answers(Array(repeating: .failed, count: 8)).alarms.filter { $0.contains("hardware") }
        #expect(alarms.count == 6 && alarms.last == "the forwarding hardware did not take 3 more routes", "\(alarms)")
    }

    @Test func lostAnnouncementsAreCounted() throws {
        let page = MetricsPage.text(try answers([], overruns: 3), [])
        #expect(page.contains("martlet_kernel_overruns_total{family=\"routes\"} 3\n"))
    }
}
