/// The service's life: what is told, kept, stopped. On the loopback device, so that it needs no namespace, only CAP_NET_RAW.
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

        func add(_ more: [ProbeResult]) { results.withLock { $0 += more } }

        var all: [ProbeResult] { results.withLock { $0 } }

        func wait(for count: Int, of member: Int) throws -> [ProbeResult] {
            try eventually("\(count) results of member \(member)", within: .seconds(5)) {
                let found = all.filter { $0.member.index == member }
                return found.count >= count ? found : nil
            }
        }
    }

    private static func member(_ index: Int, name: String, target: UInt32) throws -> ProbedMember {
        let plan = EchoPlan(
            targets: [IPAddress(v4: target)],
            need: 1,
            interval: .milliseconds(20),
            timeout: .milliseconds(20)
        )
        let scope = ProbedMember.Scope(.v4, try #require(plan))
        return ProbedMember(member: MemberID(index), name: name, device: nil, mark: nil, scopes: [scope])
    }

    @Test func aMemberThatIsRenumberedKeepsItsSchedule() throws {
        let heard = Heard()
        let service = try ProbeService { heard.add($0) }
        defer { service.stop() }
        service.configure([try Self.member(0, name: "wan.a", target: 0x7F00_0001)])
        let before = try heard.wait(for: 5, of: 0)
        service.configure([try Self.member(4, name: "wan.a", target: 0x7F00_0001)])
        let after = try heard.wait(for: 1, of: 4)
        #expect(before.allSatisfy { $0.signal == .success })
        #expect(after[0].sent > before[3].sent, "its window goes on")
    }

    @Test func afterStopNothingIsReported() throws {
        let heard = Heard()
        let service = try ProbeService { heard.add($0) }
        service.configure([try Self.member(0, name: "wan.a", target: 0x7F00_0001)])
        _ = try heard.wait(for: 2, of: 0)
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
        service.configure([try Self.member(0, name: "wan.a", target: 0x7F00_0001)])
        _ = try heard.wait(for: 1, of: 0)
        box.withLock { $0 = nil }
        rest(.milliseconds(100))
        #expect(heard.all.count == 1)
    }

    @Test func thePeersOfAnotherConfigurationAreForgotten() throws {
        let heard = Heard()
        let service = try ProbeService { heard.add($0) }
        defer { service.stop() }
        service.configure([try Self.member(0, name: "wan.a", target: 0x7F00_0001)])
        _ = try heard.wait(for: 2, of: 0)
        service.configure([try Self.member(1, name: "wan.b", target: 0x7F00_0002)])
        _ = try heard.wait(for: 1, of: 1)
        let count = heard.all.filter { $0.member.index == 0 }.count
        _ = try heard.wait(for: 6, of: 1)
        #expect(heard.all.filter { $0.member.index == 0 }.count == count)
    }
}
