/// Which BFD sessions the router asks for, and what their reports do.
import Forwarding
import NetTypes
import PolicyEngine
import Testing

@testable import Liveness
@testable import Runtime

@Suite struct SessionTests {
    private static func network(_ bfd: String = "tx: 50ms", cable: String = "fast", fiber: String = "203.0.113.1")
        -> String
    {
        """
        version: 1
        network:
          probes:
            fast: { bfd: { \(bfd) } }
            slow: { icmp: [192.0.2.53] }
          groups:
            wan:
              members:
                fiber: { dev: eth0, via: \(fiber), weight: 3, probe: fast }
                cable: { via: 198.51.100.1, probe: \(cable) }
            backup:
              members:
                fiber: { dev: eth0, via: \(fiber), probe: fast }
          routes: { default: wan, 10.1.0.0/16: backup }

        """
    }

    private func report(_ rig: Rig, _ signal: Signal?) throws -> Fact {
        let subject = try #require(rig.router.network?.wantedSessions.first)
        let session = BFDReport.Facts(
            device: subject.device,
            peer: subject.peer,
            state: .up,
            since: rig.now,
            diagnostic: .none,
            localDiscriminator: 1,
            remoteState: .up,
            remoteDiagnostic: .none,
            remoteDiscriminator: 2,
            transmit: .milliseconds(50),
            receive: .milliseconds(50),
            multiplier: 3,
            detection: .milliseconds(150),
            authentication: nil
        )
        let report = BFDReport(
            members: subject.members,
            scope: subject.scope,
            signal: signal,
            at: rig.now,
            session: session
        )
        return .bfd([report])
    }

    @Test func membersOfOneGatewayOnOneLinkShareTheirSession() throws {
        let rig = try Rig.running(Self.network())
        let wanted = try #require(rig.router.network).wantedSessions
        #expect(wanted.map(\.members) == [["wan.fiber", "backup.fiber"], ["wan.cable"]])
        // The device of a member that names none is the one whose prefix has its gateway.
        #expect(wanted.map(\.device) == ["eth0", "eth1"])
        #expect(wanted.map(\.scope) == [.v4, .v4])
        #expect(wanted.allSatisfy { $0.parameters.transmit == .milliseconds(50) })
    }

    @Test func oneReportOfAFallMovesEveryGroupThatUsesTheSession() throws {
        var rig = try Rig.running(Self.network())
        rig.tell(try report(rig, .success))
        #expect(rig.sent.isEmpty)
        let effects = rig.tell(try report(rig, .failure(.bfdTimeout)))
        // wan goes to cable; backup has nobody else and keeps its last.
        #expect(effects.changes.count == 1)
        let network = try #require(rig.router.network)
        #expect(network.groups.member(named: "wan.fiber")?.health(in: .v4)?.verdict == .down)
        #expect(network.groups.member(named: "backup.fiber")?.health(in: .v4)?.cause == .bfdTimeout)
        rig.settle()
        #expect(rig.tell(try report(rig, .success)).changes.count == 1)
    }

    @Test func anAdministrativeEndPutsNobodyOut() throws {
        var rig = try Rig.running(Self.network())
        rig.tell(try report(rig, .success))
        let effects = rig.tell(try report(rig, .unmeasured(.bfdAdminDown)))
        #expect(effects.changes.isEmpty)
        let health = rig.router.network?.groups.member(named: "wan.fiber")?.health(in: .v4)
        #expect(health?.verdict == .unknown && health?.cause == .bfdAdminDown && health?.isEligible == true)
    }

    @Test func aReloadAsksForSessionsOnlyWhenTheyAreOthers() throws {
        var rig = try Rig.running(Self.network())
        rig.tell(try report(rig, .success))
        let isAsked = { (effects: [Effect]) in effects.contains { if case .bfd = $0 { true } else { false } } }
        #expect(try !isAsked(rig.configure(Self.network() + "# a comment\n")))
        #expect(rig.router.network?.sessions.count == 2)
        #expect(rig.router.network?.groups.member(named: "wan.fiber")?.health(in: .v4)?.verdict == .up)
        #expect(try isAsked(rig.configure(Self.network("tx: 20ms"))))
        #expect(try isAsked(rig.configure(Self.network("tx: 20ms", cable: "slow"))))
        #expect(rig.router.network?.wantedSessions.count == 1)
    }

    @Test func withoutBFDNothingIsAskedFor() throws {
        let rig = try Rig.running()
        #expect(rig.router.network?.wantedSessions.isEmpty == true)
    }
}
