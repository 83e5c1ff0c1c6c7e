import Lab
import LabText
import Testing

extension RouterSuites {
    /// Does the doctor see a real host as it is?
    @Suite(.serialized)
    struct DoctorTests {
        private func codes(_ router: RouterUnderTest, _ arguments: String...) throws -> (
            codes: Set<String>, status: Int32?
        ) {
            let result = try router.namespace.attempt(router.command(["doctor", router.configurationPath] + arguments))
            let findings = try JSON.parse(result.output)["findings"]?.elements ?? []
            // What the machine of the tests is like besides is not their business.
            let others: Set = ["networkd", "network-manager", "nftables-flush", "clock"]
            return (Set(findings.compactMap { $0["code"]?.string }).subtracting(others), result.status)
        }

        @Test(.timeLimit(.minutes(1)))
        func whatFightsUsIsFoundAndItsFixMendsIt() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            try lab.router.sysctl(["all", "eth0", "eth1"].map { ("net.ipv4.conf.\($0).rp_filter", "0") })
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let before = try KernelState(of: lab.router)
            let well = try codes(router)
            #expect(!well.codes.contains("kernel-feature") && !well.codes.contains("features"), "\(well)")
            #expect(!well.codes.contains("rp-filter") && !well.codes.contains("rule-preference"))

            try lab.router.sysctl([("net.ipv4.conf.eth0.rp_filter", "1")])
            try lab.router.ipBatch(["rule add fwmark 0x1000000/0xff000000 lookup 100 pref 7500"])
            let ill = try codes(router)
            #expect(ill.codes.subtracting(well.codes) == ["rp-filter", "rule-preference"])
            #expect(ill.status == 1)

            try lab.router.ipBatch(["route add default via 203.0.113.1 metric 5"])
            #expect(try codes(router, "--leaks").codes.contains("leak-default"))
            try lab.router.ipBatch(["route del default via 203.0.113.1 metric 5", "rule del pref 7500"])
            try lab.router.run(["sysctl", "-q", "-w", "net/ipv4/conf/eth0/rp_filter=2"])
            #expect(try codes(router).codes == well.codes)
            #expect(try !codes(router, "--leaks").codes.contains { $0.hasPrefix("leak-") && $0 != "leak-probe" })
            #expect(try KernelState(of: lab.router) == before, "it only looks")
        }
    }
}
