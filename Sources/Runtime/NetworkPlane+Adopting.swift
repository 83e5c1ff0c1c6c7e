/// What an earlier daemon left in the kernel says about the members' health, until probes say it themselves.
import Forwarding
import Liveness
import NetTypes
import PolicyEngine

extension NetworkPlane {
    /// Its cause in shares and notes.
    static let leftOut = Cause("left-out-before-start")

    /// A member that an earlier daemon had taken out of its group stays out until its probe has answered often enough: a restart
    /// must not give traffic back to an uplink that is dead.
    mutating func adoptHealth(at now: Instant, _ effects: inout [Effect]) {
        let probed = Set(
            probedMembers.flatMap { member in
                member.scopes.map { ProbeKey(member: member.name, scope: $0.scope) }
            }
                + bfdSubjects.flatMap { session in
                    session.members.map { ProbeKey(member: $0, scope: session.scope) }
                }
        )
        for index in configuration.groups.indices {
            for family in AddressFamily.allCases where isAdopted(index, family) {
                // Each round takes members out; their load may fall to others, later in the file or of a higher tier.
                while case let out = membersLeftOut(of: index, family, probed), !out.isEmpty {
                    for member in out { takeForDown(member, HealthScope(family), at: now, &effects) }
                }
            }
        }
    }

    /// Whether the kernel has a group of ours for it that holds a member: not one that is parked.
    private func isAdopted(_ index: Int, _ family: AddressFamily) -> Bool {
        let group = configuration.groups[index]
        let held = heldNexthops(of: index, family)
        return group.members.contains { member in
            numbers.nexthop(NexthopName.member(group.fullName(of: member), family)).map(held.contains) ?? false
        }
    }

    private func heldNexthops(of index: Int, _ family: AddressFamily) -> Set<NexthopID> {
        let name = NexthopName.of(configuration.groups[index], family)
        guard let id = numbers.nexthop(name), let there = view.nexthops[id], configuration.ownership.owns(there),
            let members = there.kind.members
        else { return [] }
        return Set(members.map(\.id))
    }

    /// Members that would carry load now, and that the earlier daemon had a next hop for but did not let carry.
    private func membersLeftOut(of index: Int, _ family: AddressFamily, _ probed: Set<ProbeKey>) -> [MemberID] {
        let scope = HealthScope(family)
        let held = heldNexthops(of: index, family)
        return groups.shares(of: GroupID(index), in: scope).carrying.map(\.member).filter { id in
            let member = groups[id]
            guard member.health(in: scope)?.verdict == .unknown,
                probed.contains(ProbeKey(member: member.fullName, scope: scope)),
                let nexthop = numbers.nexthop(NexthopName.member(member.fullName, family))
            else { return false }
            return view.nexthops[nexthop] != nil && !held.contains(nexthop)
        }
    }

    private mutating func takeForDown(
        _ id: MemberID,
        _ scope: HealthScope,
        at now: Instant,
        _ effects: inout [Effect]
    ) {
        for _ in 0..<groups[id].definition.hysteresis.downAfter {
            guard
                case .became(let verdict, let old) = groups.observe(.failure(Self.leftOut), of: id, in: scope, at: now)
            else { continue }
            effects.append(
                .note(.health(.network, member: groups[id].fullName, scope, from: old, to: verdict, Self.leftOut))
            )
        }
    }
}
