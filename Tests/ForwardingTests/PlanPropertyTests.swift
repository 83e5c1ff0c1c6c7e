/// Does a plan turn what is there into what is wished, and nothing else? Random networks against the slow and obvious kernel.
import Chance
import NetTypes
import PolicyEngine
import Testing

@testable import Forwarding

@Suite struct PlanPropertyTests {
    /// Enough that every kind of leftover, stranger and missing link meets every kind of object.
    static let seeds: Range<UInt64> = 0..<400

    struct Case {
        var plane: Plane
        var kernel: ModelKernel
    }

    private func made(_ seed: UInt64) -> Case {
        var random = RandomNetworks(chance: SeededGenerator(seed))
        let configuration = random.configuration()
        let kernel = random.kernel()
        let view = Networks.view(random.links() + kernel.reports, window: RandomNetworks.window)
        var plane = Plane(configuration, view)
        for member in plane.groups.members.map(\.fullName) {
            for family in AddressFamily.allCases where Int.random(in: 0..<4, using: &random.chance) == 0 {
                plane.fail(member, family)
            }
        }
        return Case(plane: plane, kernel: kernel)
    }

    /// In a kernel without the links' objects the reports of a link that is down have nothing to drop; these views agree.
    @Test func aPlanMakesTheWishAndASecondOneIsEmpty() {
        var changes = 0
        for seed in Self.seeds {
            var made = made(seed)
            let (wish, plan) = (made.plane.wish, made.plane.plan)
            changes += plan.changes.count
            for change in plan.changes {
                made.kernel.carryOut(change)
                made.plane.view.expect(change)
            }
            #expect(made.kernel.offences.isEmpty, "seed \(seed): \(made.kernel.offences)")
            expectEqual(made.plane.view, made.kernel, seed)
            expect(wish, in: made.kernel, except: plan.conflicts, seed)
            let second = made.plane.plan
            #expect(second.isEmpty, "seed \(seed): \(second.changes)")
            // What the kernel tells of itself afterwards is the same again.
            made.plane.view = Networks.view(
                made.plane.view.links.values.map { .link($0) } + made.plane.view.addresses.map { .address($0) }
                    + made.kernel.reports,
                window: RandomNetworks.window
            )
            _ = made.plane.view.found(made.kernel.ruleset)
            #expect(made.plane.plan.isEmpty, "seed \(seed), read back")
        }
        #expect(changes > 5000, "the cases are no trivial ones: \(changes) changes")
    }

    @Test func strangersStayAsTheyAre() {
        var strangers = 0
        for seed in Self.seeds {
            var made = made(seed)
            let window = RandomNetworks.window
            let before = Set(made.kernel.routes.filter { !window.owns($0) })
            let lone = Set(made.kernel.nexthops.filter { !window.owns($0) && !$0.isGroup })
            let rules = Set(made.kernel.rules.filter { !window.owns($0) })
            strangers += before.count + lone.count + rules.count
            let ours = Set(made.kernel.nexthops.filter(window.owns).map(\.id))
            for change in made.plane.plan.changes { made.kernel.carryOut(change) }
            // A stranger's route over a next hop of ours goes with it, as the kernel does it; no change names it.
            let independent = before.filter {
                if case .nexthop(let id) = $0.action {
                    !ours.contains(id) && lone.contains { $0.id == id }
                } else {
                    true
                }
            }
            #expect(independent.isSubset(of: made.kernel.routes), "seed \(seed)")
            #expect(lone.isSubset(of: made.kernel.nexthops), "seed \(seed)")
            #expect(rules.isSubset(of: made.kernel.rules), "seed \(seed)")
        }
        #expect(strangers > 1500, "\(strangers)")
    }

    @Test func afterAllIsRemovedNothingOfOursIsLeft() {
        for seed in Self.seeds {
            var made = made(seed)
            for change in made.plane.plan.changes { made.kernel.carryOut(change) }
            made.plane.carryOut()
            made.plane.configuration = .nothing(within: RandomNetworks.window, at: Networks.nowhere)
            let plan = made.plane.plan
            for change in plan.changes { made.kernel.carryOut(change) }
            let window = RandomNetworks.window
            #expect(made.kernel.offences.isEmpty, "seed \(seed): \(made.kernel.offences)")
            #expect(!made.kernel.nexthops.contains(where: window.owns), "seed \(seed)")
            #expect(!made.kernel.routes.contains(where: window.owns), "seed \(seed)")
            #expect(!made.kernel.rules.contains(where: window.owns), "seed \(seed)")
            #expect(made.kernel.ruleset == nil, "seed \(seed)")
        }
    }

    /// Links that go take the same objects from the view as from the kernel.
    @Test func theViewDoesWhatTheKernelDoesInSilence() {
        for seed in Self.seeds {
            var made = made(seed)
            for change in made.plane.plan.changes {
                made.kernel.carryOut(change)
                made.plane.view.expect(change)
            }
            let lost = Networks.link(12, "eth1", carrier: false)
            made.kernel.lose(interface: 12)
            _ = made.plane.view.apply(.link(lost))
            expectEqual(made.plane.view, made.kernel, seed)
        }
    }

    private func expectEqual(_ view: KernelView, _ kernel: ModelKernel, _ seed: UInt64) {
        #expect(Set(view.nexthops.values) == Set(kernel.nexthops), "seed \(seed)")
        // Of strangers the default routes of the main table are looked at too.
        let concerning = kernel.routes.filter {
            RandomNetworks.window.concerns($0) || $0.key.table == Resolver.mainTable && $0.key.prefix.length == 0
        }
        #expect(Set(view.routes.values) == Set(concerning), "seed \(seed)")
        #expect(view.rules == Set(kernel.rules), "seed \(seed)")
    }

    private func expect(_ wish: Wish, in kernel: ModelKernel, except conflicts: [ForeignConflict], _ seed: UInt64) {
        let foreign = Set(kernel.nexthops.filter { !kernel.window.owns($0) }.map(\.id))
        for nexthop in wish.nexthops.map(\.object) where !foreign.contains(nexthop.id) {
            if let members = nexthop.kind.members, members.contains(where: { foreign.contains($0.id) }) {
                continue
            }
            #expect(kernel.nexthops.contains(nexthop), "seed \(seed): \(nexthop)")
        }
        let taken = conflicts.map(\.object)
        for rule in wish.rules.map(\.object) where !kernel.rules.contains(rule) {
            #expect(
                taken.contains { if case .rule(let other) = $0 { other.selectsLike(rule) } else { false } },
                "seed \(seed): \(rule)"
            )
        }
        let wished = wish.ruleset.map { RulesetState($0.object) }
        #expect(kernel.ruleset == nil ? wished == nil : wished.map { kernel.ruleset?.isSame(as: $0) == true } == true)
    }
}
