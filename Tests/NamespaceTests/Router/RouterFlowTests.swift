import Lab
import LabText
import Testing

extension RouterSuites {
    /// Do flows divide by the weights, and does a resilient group leave them where they are?
    @Suite(.serialized)
    struct FlowTests {
        /// Enough that 15 % of the smaller of 11:45 is five standard deviations of a fair hash.
        private static let flows = 4096
        private static let resilient = "{ resilient: { buckets: 256, idle: 1.5s } }"

        @Test(
            .timeLimit(.minutes(1)),
            arguments: ["hash", "{ resilient: { buckets: 1024 } }"]
        )
        func flowsDivideByTheWeights(shape: String) throws {
            let site = try Site()
            defer { site.tearDown() }
            try site.noteFlows()
            let first = RouterFile.site(flows: shape, weights: (1, 1))
            let router = try RouterUnderTest(first, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            for weights in [(1, 1), (2, 1), (11, 45)] {
                // Unbalanced at once: every bucket moves to where the new weights want it.
                let now = shape.replacing("1024", with: "1024, idle: 100ms, unbalanced: 100ms")
                _ = try router.apply(RouterFile.site(flows: now, weights: weights))
                if shape != "hash" { rest(.milliseconds(400)) }
                for family in Family.allCases {
                    let went = try site.spray(Self.flows, family: family)
                    #expect(went.count == Self.flows, "none is lost")
                    let part = Double(went.values.count { $0 == .isp1 }) / Double(went.count)
                    let wished = Double(weights.0) / Double(weights.0 + weights.1)
                    measured("\(shape), \(weights), \(family): share of the first, wished \(wished)", part * 100, "%")
                    #expect(abs(part - wished) < 0.15 * min(wished, 1 - wished))
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aMemberThatLeavesAResilientGroupTakesOnlyItsOwnFlowsAlong() throws {
            let site = try Site()
            defer { site.tearDown() }
            try site.noteFlows()
            let file = RouterFile.site(flows: Self.resilient, weights: (1, 1))
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            try expectOneGroup(site, buckets: 256)
            let before = try Family.allCases.map { ($0, try site.spray(500, family: $0)) }
            _ = try router.ask("drain", "wan.cable")
            try router.waitUntilSettled()
            for (family, flows) in before {
                #expect(Set(flows.values).count == 2)
                let drained = try site.spray(500, family: family)
                #expect(drained.count == 500 && drained.values.allSatisfy { $0 == .isp1 })
            }
            _ = try router.ask("undrain", "wan.cable")
            try router.waitUntilSettled()
            for (family, _) in before {
                // The flows that moved are busy where they are now; of an IPv4 group with one member the kernel notes no use.
                let after = try site.spray(500, family: family)
                #expect(after.count == 500)
                #expect(after.values.count { $0 != .isp1 } == 0 || family == .v4)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aChangedWeightMovesFlowsOnlyOnceTheyAreIdle() throws {
            let site = try Site()
            defer { site.tearDown() }
            try site.noteFlows()
            let file = RouterFile.site(flows: Self.resilient, weights: (1, 1))
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            let before = try Family.allCases.map { ($0, try site.spray(2000, family: $0)) }
            _ = try router.apply(RouterFile.site(flows: Self.resilient, weights: (1, 7)))
            for (family, flows) in before { #expect(try site.spray(2000, family: family) == flows, "all are busy") }
            // The probes are no flows of the group: they leave by their device.
            rest(.milliseconds(2500))
            for (family, flows) in before {
                let after = try site.spray(2000, family: family)
                let part = Double(after.values.count { $0 == .isp1 }) / Double(after.count)
                measured("after the idle time, \(family): share of the first, wished 12.5", part * 100, "%")
                #expect(abs(part - 0.125) < 0.15 * 0.125)
                let moved = flows.filter { after[$0.key] != $0.value }
                #expect(moved.values.allSatisfy { $0 == .isp1 }, "nothing moves against the change")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aGroupChangesItsShapeUnderTrafficWithoutALoss() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try RouterUnderTest(RouterFile.site(), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            let plain = try KernelState(of: site.router)
            let streams = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 1000, flows: 16)) }
            rest(.milliseconds(50))
            for (flows, buckets) in [("resilient", 128), ("{ resilient: { buckets: 64 } }", 64)] {
                _ = try router.apply(RouterFile.site(flows: flows))
                try expectOneGroup(site, buckets: buckets)
            }
            _ = try router.apply(RouterFile.site())
            try eventually("the first shape again", within: RouterUnderTest.patience) {
                try KernelState(of: site.router).ours == plain.ours
            }
            for (family, stream) in streams {
                let result = try stream.finish()
                measured(
                    "three shapes under traffic, \(family): lost of \(result.sent)",
                    Double(result.lost),
                    "packets"
                )
                #expect(result.sent > 100 && result.lost == 0, "\(result.gaps)")
            }
        }

        /// The routes stand on a resilient group of that size, and no other group of ours is left.
        private func expectOneGroup(_ site: Site, buckets: Int) throws {
            let state = try KernelState(of: site.router)
            for family in Family.allCases {
                let id = try #require(state.route("default", family)?.nexthop)
                #expect(state.nexthops[id]?.buckets == buckets, "\(family)")
            }
            #expect(state.ourNexthops.count { !$0.group.isEmpty } == 2)
        }
    }
}
