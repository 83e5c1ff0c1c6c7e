/// Random groups under random events: shares agree with a slow, obvious reading of the rules.
import Chance
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@Suite struct SharesPropertyTests {
    /// One member as the rules see it.
    private struct Plain {
        var weight: Int, tier: Int
        var isDown = false, isDegraded = false, isAbsent = false
        var admin = Admin.up
        var mayCarry: Bool { admin == .up && !isAbsent }
    }

    @Test(arguments: 1...60)
    func sharesAgreeWithTheSlowModel(_ seed: UInt64) {
        var random = SeededGenerator(seed)
        var plain = (0..<Int.random(in: 1...6, using: &random)).map { _ in
            Plain(weight: Int.random(in: 1...5, using: &random), tier: Int.random(in: 1...3, using: &random))
        }
        let isStatic = Bool.random(using: &random)
        let keepsLast = Bool.random(using: &random)
        var table = Groups.table(
            GroupDefinition(
                name: .init("g", at: Groups.nowhere),
                strategy: isStatic ? .static : .weighted,
                members: plain.enumerated().map { Groups.member("m\($0)", weight: $1.weight, tier: $1.tier) },
                keepsLast: keepsLast
            )
        )
        var last = eligible(plain)
        for _ in 0..<200 {
            let member = Int.random(in: plain.indices, using: &random)
            change(&plain[member], &table, member, &random)
            if !eligible(plain).isEmpty { last = eligible(plain) }
            #expect(table.weights() == weights(plain, last, isStatic: isStatic, keepsLast: keepsLast))
            #expect(table.weights(.v6).contains { $0 > 0 } || plain.allSatisfy { $0.admin != .up })
        }
    }

    private func change(_ plain: inout Plain, _ table: inout GroupTable, _ member: Int, _ random: inout SeededGenerator)
    {
        let absence = Cause("no-carrier")
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1:
            (plain.isDown, plain.isDegraded) = (true, false)
            table.fail(member)
        case 2, 3:
            (plain.isDown, plain.isDegraded) = (false, false)
            table.succeed(member)
        case 4:
            plain.isAbsent = true
            _ = table.observe(.absent(absence), of: MemberID(member), in: .v4, at: Groups.start)
        case 5:
            plain.isAbsent = false
            _ = table.observe(.present, of: MemberID(member), in: .v4, at: Groups.start)
        case 6, 7:
            (plain.isDown, plain.isDegraded) = (false, true)
            table.degrade(member)
        default:
            plain.admin = Admin.allCases.randomElement(using: &random)!
            _ = table.set(plain.admin, of: MemberID(member))
        }
    }

    /// Positions of the lowest tier in which somebody may carry and is well; if nobody is in any, of the lowest in which
    /// somebody is at least not down.
    private func eligible(_ members: [Plain]) -> [Int] {
        for isDegraded in [false, true] {
            for tier in 1...3 {
                let found = members.indices.filter {
                    members[$0].tier == tier && members[$0].mayCarry && !members[$0].isDown
                        && members[$0].isDegraded == isDegraded
                }
                if !found.isEmpty { return found }
            }
        }
        return []
    }

    private func weights(_ members: [Plain], _ last: [Int], isStatic: Bool, keepsLast: Bool) -> [UInt32] {
        var carriers = eligible(members)
        if carriers.isEmpty, keepsLast {
            carriers = last.filter { members[$0].mayCarry }
            if carriers.isEmpty { carriers = members.indices.filter { members[$0].mayCarry } }
        }
        if isStatic { carriers = Array(carriers.prefix(1)) }
        return members.indices.map { carriers.contains($0) ? UInt32(members[$0].weight) : 0 }
    }
}
