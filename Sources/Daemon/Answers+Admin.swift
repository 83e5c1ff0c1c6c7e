import ConfigSyntax
/// What `drain`, `undrain`, `up` and `down` mean here, and when they are refused.
import Control
import PolicyEngine
import Runtime

extension Answers {
    /// The override that the request asks for and what is answered. Throws `ErrorReply` when there is no such member, or when
    /// the group would be left without anybody to carry its load.
    func admin(_ request: AdminRequest) throws(ErrorReply) -> (Override, AdminReply) {
        guard let admin = Admin(rawValue: request.admin) else {
            throw ErrorReply(errors: ["'\(request.admin)' is not one of up, drain, down"])
        }
        let (plane, member) = try find(request.member)
        if admin != .up, !request.force, router.isLastWayOut(member.fullName, in: plane) {
            throw ErrorReply(
                errors: [
                    "\(member.fullName) is the last member that can carry \(plane.rawValue) group \(groupName(member, plane))"
                ],
                hint: "bring another member up first, or say --force"
            )
        }
        let words = Self.words(member.fullName, admin)
        return (
            Override(plane: plane, member: member.fullName, admin: admin),
            AdminReply(member: member.fullName, admin: admin.rawValue, words: words)
        )
    }

    private static func words(_ member: String, _ admin: Admin) -> String {
        switch admin {
        case .up: "\(member) may carry load again"
        case .drain: "\(member) takes nothing new; what runs may finish"
        case .down: "\(member) is out"
        }
    }

    private func groupName(_ member: GroupTable.Member, _ plane: Plane) -> String {
        let table = plane == .network ? router.network?.groups : router.models?.groups
        return table.map { $0[member.group].definition.name.value } ?? "?"
    }

    /// A member by `group.member`, with `network:` or `models:` in front where both planes have the name.
    func find(_ name: String) throws(ErrorReply) -> (Plane, GroupTable.Member) {
        let parts = name.split(separator: ":", maxSplits: 1)
        let named = parts.count == 2 ? Plane(rawValue: String(parts[0])) : nil
        let wanted = named == nil ? name : String(parts[1])
        let planes = named.map { [$0] } ?? Plane.allCases
        let found = planes.compactMap { plane -> (Plane, GroupTable.Member)? in
            let table = plane == .network ? router.network?.groups : router.models?.groups
            return table?.member(named: wanted).map { (plane, $0) }
        }
        if found.count == 1 { return found[0] }
        if found.count > 1 {
            throw ErrorReply(
                errors: ["both planes have a member '\(wanted)'"],
                hint: "say network:\(wanted) or models:\(wanted)"
            )
        }
        let names = ((router.network?.groups.members ?? []) + (router.models?.groups.members ?? [])).map(\.fullName)
        throw ErrorReply(errors: ["there is no member '\(wanted)'"], hint: NearestName.hint(for: wanted, among: names))
    }
}
