/// The service's life: what is told, kept, stopped. On the loopback device, so that it needs no namespace, only
/// CAP_NET_RAW.
import Lab
import Liveness
import NetTypes
import PolicyEngine
import Probing
import Synchronization
import Testing

@Suite(.serialized, .enabled(if: Programs.obstacle == nil, "needs root, ip, nft and setpriv"))
struct ProbeServiceTests {
    /// What the service has reported so far.
    private final class Heard: Sendable {
        private let results = Mutex<[ProbeResult]>([])

        func add(_ more: [ProbeReport]) {
            results.withLock { results in
                for case .result(let result) in more { results.append(result) }
            }
        }

        var all: [ProbeResult] { results.withLock { $0 } }

        func wait(for count: Int, of member: String) throws -> [ProbeResult] {
            try eventually("\(count) results of \(member)", within: .seconds(5)) {
                let found = all.filter { $0.member == member }
                return found.count >= count ? found : nil
            }
        }
    }

    private static func member(_ name: String, target: UInt32 = 0x7F00_0001, device: String? = nil) throws
        -> ProbedMember
    {
        let plan = ProbePlan(
            targets: [ProbeTarget(IPAddress(v4: target))],
            need: 1,
            interval: .milliseconds(20),
            timeout: .milliseconds(20)
        )
        let scope = ProbedMember.Scope(.v4, try #require(plan))
        return ProbedMember(name: name, device: device, mark: nil, scopes: [scope])
    }

    @Test func aMemberWhoseDeviceChangesKeepsItsSchedule() throws {
        let heard = Heard()
        let service = try ProbeService { heard.add($0) }
        defer { service.stop() }
        service.configure([try Self.member("wan.a")])
        let before = try heard.wait(for: 5, of: "wan.a")
        service.configure([try Self.member("wan.a", device: "nowhere0")])
        let failed = try eventually("the first failure", within: .seconds(5)) {
            heard.all.first { $0.signal == .failure(.noDevice) }
        }
        service.configure([try Self.member("wan.a", device: "lo")])
        let again = try eventually("success on the right device", within: .seconds(5)) {
            heard.all.first { $0.signal == .success && $0.at > failed.at }
        }
        #expect(before.allSatisfy { $0.signal == .success })
        #expect(again.figures.sent > before[3].figures.sent && again.figures.lost >= 1, "its window goes on")
    }

    @Test func afterStopNothingIsReported() throws {
        let heard = Heard()
        let service = try ProbeService { heard.add($0) }
        service.configure([try Self.member("wan.a")])
        _ = try heard.wait(for: 2, of: "wan.a")
        service.stop()
        let count = heard.all.count
        service.stop()
        rest(.milliseconds(100))
        #expect(heard.all.count == count)
    }

    @Test func aReporterMayStopTheServiceItself() throws {
        let heard = Heard()
        let box = Mutex<ProbeService?>(nil)
        let service = try ProbeService { results in
            heard.add(results)
            box.withLock { $0 }?.stop()
        }
        box.withLock { $0 = service }
        service.configure([try Self.member("wan.a")])
        _ = try heard.wait(for: 1, of: "wan.a")
        box.withLock { $0 = nil }
        rest(.milliseconds(100))
        #expect(heard.all.count == 1)
    }

    @Test func theMembersOfAnotherConfigurationAreForgotten() throws {
        let heard = Heard()
        let service = try ProbeService { heard.add($0) }
        defer { service.stop() }
        service.configure([try Self.member("wan.a")])
        _ = try heard.wait(for: 2, of: "wan.a")
        service.configure([try Self.member("wan.b", target: 0x7F00_0002)])
        _ = try heard.wait(for: 1, of: "wan.b")
        let count = heard.all.filter { $0.member == "wan.a" }.count
        _ = try heard.wait(for: 6, of: "wan.b")
        #expect(heard.all.filter { $0.member == "wan.a" }.count == count)
    }
}
