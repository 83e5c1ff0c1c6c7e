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

    private static let learning = """
        version: 1
        network:
          probes:
            fast: { bfd: { tx: 50ms } }
            gate: { icmp: ["{member}"] }
          groups:
            wan: { members: { dsl: { dev: eth0, via: auto, probe: fast } } }
            asked: { members: { dsl: { dev: eth0, via: auto, probe: gate } } }
          routes: { default: wan, 10.1.0.0/16: asked }

        """

    /// As a DHCP client puts it there.
    private func learnt(_ gateway: String) -> Route {
        Route(
            key: Route.Key(table: Resolver.mainTable, prefix: .everything(.v4), metric: 100),
            action: .inline(gateway: IPAddress(gateway), interface: 11),
            routeProtocol: 16
        )
    }

    /// Whom effects ask to be watched, by sessions and by requests; nil for what they do not speak of.
    private struct Asked: Equatable {
        var peers: [String]?
        var targets: [String]?
    }

    private func asked(_ effects: [Effect]) -> Asked {
        var found = Asked()
        for effect in effects {
            switch effect {
            case .bfd(let subjects): found.peers = subjects.map(\.peer.description)
            case .probe(let members):
                found.targets = members.flatMap(\.scopes).flatMap(\.plan.targets).map(\.address.description)
            default: continue
            }
        }
        return found
    }

    @Test func whoIsWatchedFollowsTheGatewayThatIsLearnt() throws {
        var rig = try Rig.running(Self.learning)
        #expect(rig.router.network?.wantedSessions.isEmpty == true)
        let first = asked(rig.tell(.kernel([.route(learnt("203.0.113.1"))])))
        #expect(first == Asked(peers: ["203.0.113.1"], targets: ["203.0.113.1"]))
        rig.settle()
        let lan = Route(
            key: Route.Key(
                table: Resolver.mainTable,
                prefix: IPPrefix(containing: try #require(IPAddress("10.9.0.0")), length: 16),
                metric: 0
            ),
            action: .inline(gateway: nil, interface: 12),
            routeProtocol: 2
        )
        // The same again, and a route that leads nowhere near, change nothing.
        let again = asked(rig.tell(.kernel([.route(learnt("203.0.113.1")), .route(lan)])))
        #expect(again == Asked())
        rig.tell(try report(rig, .failure(.bfdTimeout)))
        rig.fail("asked.dsl")
        let health = { (rig: Rig, name: String) in rig.router.network?.groups.member(named: name)?.health(in: .v4) }
        #expect(health(rig, "wan.dsl")?.verdict == .down && health(rig, "asked.dsl")?.verdict == .down)

        let late = try report(rig, .success)
        let second = asked(rig.tell(.kernel([.route(learnt("203.0.113.5"))])))
        #expect(second == Asked(peers: ["203.0.113.5"], targets: ["203.0.113.5"]))
        // What the old gateway's session had still to tell is not about the new one.
        rig.tell(late)
        #expect(health(rig, "wan.dsl")?.verdict == .down)

        // Nobody could take back what was said of a gateway that is gone.
        let third = asked(rig.tell(.kernel([.routeGone(learnt("203.0.113.5"))])))
        #expect(third == Asked(peers: [], targets: []))
        for name in ["wan.dsl", "asked.dsl"] {
            #expect(health(rig, name)?.verdict == .unknown && health(rig, name)?.absence == Absence.noGatewayLearnt)
        }
    }

    @Test func aLearntGatewayThatIsAnotherMembersHasTheFirstOnesSession() throws {
        let both = Self.learning.replacing("icmp: [\"{member}\"]", with: "bfd: { tx: 20ms }")
            .replacing(
                "asked: { members: { dsl: { dev: eth0, via: auto",
                with: "asked: { members: { dsl: { dev: eth0, via: 203.0.113.1"
            )
        var rig = try Rig.running(both)
        rig.tell(.kernel([.route(learnt("203.0.113.1"))]))
        let session = try #require(rig.router.network?.wantedSessions.first)
        #expect(rig.router.network?.wantedSessions.count == 1 && session.members == ["wan.dsl", "asked.dsl"])
        #expect(session.parameters.transmit == .milliseconds(50))
    }

    @Test func withoutBFDNothingIsAskedFor() throws {
        let rig = try Rig.running()
        #expect(rig.router.network?.wantedSessions.isEmpty == true)
    }
}
