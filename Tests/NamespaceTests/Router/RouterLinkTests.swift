import Lab
import LabText
import Testing

extension RouterSuites {
    /// Is everything the kernel drops with a link put back, and nothing touched for a link that is not ours?
    @Suite(.serialized)
    struct LinkTests {
        /// What happens to the first uplink, and how it is undone.
        enum Loss: String, CaseIterable {
            case carrier, link, address, device
        }

        @Test(.timeLimit(.minutes(1)), arguments: Loss.allCases)
        func whatTheKernelDropsIsRestored(loss: Loss) throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let before = try KernelState(of: lab.router).ours
            let lost = Moment.now
            try apply(loss, lab)
            try router.waitUntil("wan.first", is: "absent")
            try router.waitUntilSettled()
            let without = try KernelState(of: lab.router)
            for family in Family.allCases { #expect(without.shares("default", family) == ["eth1": 1], "\(family)") }
            measured("\(loss) lost: everything settled", Moment.now.milliseconds(since: lost))
            let back = Moment.now
            try undo(loss, lab)
            try router.waitUntil("wan.first", is: "unknown")
            try router.waitUntilSettled()
            measured("\(loss) back: everything restored", Moment.now.milliseconds(since: back))
            #expect(try KernelState(of: lab.router).ours == before)
            #expect(try router.alarms == [])
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["keep-last", "blackhole", "unreachable"])
        func whenTheLastCarrierGoesAllIsRestoredWithTheFirstThatReturns(rule: String) throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let file = RouterFile.links(whenAllDown: rule)
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.start()
            let before = try KernelState(of: lab.router).ours
            for number in 0...1 { try lab.carrierDown(number) }
            for member in ["wan.first", "wan.second"] { try router.waitUntil(member, is: "absent") }
            try router.waitUntilSettled()
            let dark = try KernelState(of: lab.router)
            for family in Family.allCases {
                // keep-last can keep nothing without a carrier (fact 16): the group is parked.
                #expect(dark.route("default", family)?.type == (rule == "unreachable" ? "unreachable" : "blackhole"))
                #expect(dark.shares("default", family) == (rule == "unreachable" ? [:] : ["blackhole": 1]))
            }
            for number in 0...1 { try lab.carrierUp(number) }
            for member in ["wan.first", "wan.second"] { try router.waitUntil(member, is: "unknown") }
            try router.waitUntilSettled()
            #expect(try KernelState(of: lab.router).ours == before)
        }

        @Test(.timeLimit(.minutes(1)))
        func aLinkThatIsNotOursCostsNoMessage() throws {
            let lab = try RouterOnly(uplinks: 3)
            defer { lab.tearDown() }
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let listener = try NetlinkListener(in: lab.router)
            try lab.carrierDown(2)
            try lab.carrierUp(2)
            try lab.router.ipBatch(["link add other0 type ifb", "link set other0 up", "link del other0"])
            #expect(try router.plan().changes == [])
            try listener.finish()
            let ours = listener.changes().filter { $0.details["protocol"]?.integer == 219 || $0.type.hasSuffix("rule") }
            #expect(ours.isEmpty, "\(ours.map(\.details))")
            #expect(listener.count("new-link") > 2, "the events were there")
        }

        private func apply(_ loss: Loss, _ lab: RouterOnly) throws {
            let uplink = lab.uplinks[0]
            switch loss {
            case .carrier: try lab.carrierDown(0)
            case .link: try lab.linkDown(0)
            case .address: try lab.router.ipBatch(["addr flush dev \(uplink.device)"])
            case .device: try lab.router.ipBatch(["link del \(uplink.device)"])
            }
        }

        private func undo(_ loss: Loss, _ lab: RouterOnly) throws {
            let uplink = lab.uplinks[0]
            switch loss {
            case .carrier: try lab.carrierUp(0)
            case .link, .address: try lab.linkUp(0)
            case .device:
                try lab.router.ipBatch([
                    "link add name \(uplink.device) index 301 type veth "
                        + "peer name \(uplink.peerDevice) index 401 netns \(lab.peers.name)"
                ])
                try lab.linkUp(0)
                try lab.carrierUp(0)
            }
        }
    }
}
