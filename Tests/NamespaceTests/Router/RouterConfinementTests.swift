import Lab
import LabText
import Testing

extension RouterSuites {
    /// Do these tests run the daemon as its unit does?
    @Suite(.serialized)
    struct ConfinementTests {
        @Test(.timeLimit(.minutes(1)))
        func theDaemonRunsByItsUnitsPrivilegesAndSystemCalls() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let status = TextFile.read("/proc/\(try router.process.pid)/status")
            func field(_ name: String) -> String? {
                status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
                    .map { $0.dropFirst(name.count + 1).trimming { $0 == "\t" || $0 == " " } }
            }
            // 2: a filter. 0x3400: CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW.
            #expect(field("Seccomp") == "2" && field("NoNewPrivs") == "1")
            for set in ["CapEff", "CapPrm", "CapBnd", "CapAmb"] { #expect(field(set) == "0000000000003400", "\(set)") }
            #expect(field("Uid")?.hasPrefix("61077\t61077\t61077") == true)
        }

        @Test(.timeLimit(.minutes(1)))
        func theFilterLetsThroughWhatTheUnitNamesAndNothingElse() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            func status(_ command: String...) throws -> Int32? {
                let program = [try Programs.installed(command[0])] + command.dropFirst()
                return try lab.router.attempt(RouterUnderTest.confinement + program).status
            }
            #expect(try status("true") == 0)
            #expect(try status("ip", "link") == 0, "netlink")
            // As root, with every capability.
            #expect(try status("chroot", "/", "/bin/true") == 125)
            #expect(try status("mount", "-t", "tmpfs", "lab", "/mnt") != 0)
        }
    }
}

extension Substring {
    fileprivate func trimming(_ isBlank: (Character) -> Bool) -> String {
        var rest = self
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }
}
