/// Which other routing daemons stand beside martletd, how are they run in a namespace, and what do they say of BGP?
import Glibc
import Lab
import LabText
import Synchronization
import Testing

/// Debian's BIRD or FRR (zebra, staticd, bgpd), started by the test itself: the packages' own services never run.
final class RoutingDaemon: Sendable {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case bird
        case frr

        var testDescription: String { rawValue }
    }

    /// A BGP session that it keeps, in one family.
    struct Neighbour {
        let family: Family
        let local: String
        let remote: String
    }

    /// What it is to do.
    struct Duty {
        let number: Int
        let peerNumber: Int
        let neighbours: [Neighbour]
        /// Prefixes of routes that somebody else put into the kernel, announced to the neighbours.
        var announced: [Dual] = []
        /// A route of its own, into the kernel.
        var own: (prefix: Dual, via: Dual)?
        /// Waits for the neighbours to connect. Where both do, one session may be dropped for the other after it has come up.
        var isPassive = false
    }

    static let patience = Duration.seconds(20)

    let kind: Kind
    private let namespace: Namespace
    private let directory: String
    private let processes = Mutex<[ChildProcess]>([])

    init(_ kind: Kind, _ duty: Duty, in namespace: Namespace, of workspace: Workspace) throws {
        (self.kind, self.namespace) = (kind, namespace)
        directory = workspace.path("\(namespace.role)-\(kind.rawValue)")
        guard mkdir(directory, 0o777) == 0, chmod(directory, 0o777) == 0 else {
            throw TextFile.Refused(path: directory, code: errno)
        }
        switch kind {
        case .bird: try TextFile.write(Self.bird(duty), to: directory + "/bird.conf")
        case .frr:
            try TextFile.write("", to: directory + "/zebra.conf")
            try TextFile.write(Self.staticd(duty), to: directory + "/staticd.conf")
            try TextFile.write(Self.bgpd(duty), to: directory + "/bgpd.conf")
        }
    }

    func start() throws {
        let started =
            switch kind {
            case .bird:
                [
                    try namespace.spawn([
                        "/usr/sbin/bird", "-f", "-c", directory + "/bird.conf", "-s", directory + "/bird.ctl", "-P",
                        directory + "/bird.pid",
                    ])
                ]
            case .frr: try startFRR()
            }
        processes.withLock { $0 = started }
    }

    private func startFRR() throws -> [ChildProcess] {
        let zebra = try namespace.spawn(command("zebra"))
        try eventually("zebra's socket: \(zebra.errorOutput)", within: Self.patience) {
            access(directory + "/zserv.api", F_OK) == 0
        }
        return [zebra] + (try ["staticd", "bgpd"].map { try namespace.spawn(command($0)) })
    }

    private func command(_ name: String) -> [String] {
        [
            "/usr/lib/frr/\(name)", "-f", "\(directory)/\(name).conf", "-i", "\(directory)/\(name).pid", "-z",
            "\(directory)/zserv.api", "--vty_socket", directory, "-A", "127.0.0.1", "-P", "0",
        ]
    }

    /// Ends it, as its service's stop or a crash would.
    func end(with signal: CInt) {
        for process in processes.withLock({ $0 }) { process.stop(with: signal) }
        unlink(directory + "/zserv.api")
    }

    /// Whether it learnt the prefix from a neighbour, or from the kernel.
    func knows(_ prefix: String) throws -> Bool {
        switch kind {
        case .bird:
            let answer = try namespace.attempt([
                "/usr/sbin/birdc", "-s", directory + "/bird.ctl", "show", "route", prefix,
            ])
            return answer.output.split(separator: "\n").contains { $0.hasPrefix("\(prefix) ") }
        case .frr:
            let family = prefix.contains(":") ? "ipv6" : "ipv4"
            let words = "show bgp \(family) unicast \(prefix) json"
            let answer = try namespace.attempt(["/usr/bin/vtysh", "--vty_socket", directory, "-c", words])
            return (try? JSON.parse(answer.output))?["paths"]?.elements?.isEmpty == false
        }
    }

    /// What it says for itself, when a wait was in vain.
    var words: String { processes.withLock { $0 }.map { $0.errorOutput + $0.output }.joined() }
}

// MARK: - Configurations: the recipes of docs/coexistence.md

extension RoutingDaemon {
    private static func bird(_ duty: Duty) -> String {
        let families = Family.allCases.map { family in
            let announced = duty.announced.map { "\($0[family])" }.joined(separator: ", ")
            let filter = announced.isEmpty ? "none" : "where net ~ [ \(announced) ]"
            return """
                protocol kernel kernel_\(family) {
                    learn;
                    scan time 1;
                    ip\(family.rawValue) { import \(filter); export where source = RTS_STATIC; };
                }

                """
                    + (duty.own.map { own in
                        "protocol static static_\(family) { ip\(family.rawValue); route \(own.prefix[family]) via \(own.via[family]); }\n"
                    } ?? "")
                    + duty.neighbours.filter { $0.family == family }.map { neighbour in
                        """
                        protocol bgp bgp_\(family) {
                            local \(neighbour.local) as \(duty.number);
                            neighbor \(neighbour.remote) as \(duty.peerNumber);
                            graceful restart off; long lived graceful restart off;
                            passive \(duty.isPassive ? "on" : "off"); connect delay time 1; connect retry time 1; error wait time 1, 2;
                            ip\(family.rawValue) { import all; export \(filter); };
                        }

                        """
                    }.joined()
        }
        return "router id 10.0.0.\(duty.number % 250);\nprotocol device { scan time 1; }\n" + families.joined()
    }

    private static func staticd(_ duty: Duty) -> String {
        guard let own = duty.own else { return "" }
        return "ip route \(own.prefix.v4) \(own.via.v4)\nipv6 route \(own.prefix.v6) \(own.via.v6)\n"
    }

    private static func bgpd(_ duty: Duty) -> String {
        let lists = duty.announced.map { prefix in
            "ip prefix-list ours permit \(prefix.v4)\nipv6 prefix-list ours permit \(prefix.v6)\n"
        }
        let neighbours = duty.neighbours.map { neighbour in
            " neighbor \(neighbour.remote) remote-as \(duty.peerNumber)\n neighbor \(neighbour.remote) timers connect 1\n"
        }
        let families = Family.allCases.map { family in
            let active = duty.neighbours.filter { $0.family == family }.map { "  neighbor \($0.remote) activate\n" }
            return " address-family ip\(family.rawValue) unicast\n"
                + "  redistribute kernel route-map ours-\(family)\n" + active.joined() + " exit-address-family\n"
        }
        return lists.joined() + """
            route-map ours-v4 permit 10
             match ip address prefix-list ours
            route-map ours-v6 permit 10
             match ipv6 address prefix-list ours
            router bgp \(duty.number)
             bgp router-id 10.0.0.\(duty.number % 250)
             no bgp ebgp-requires-policy
             no bgp default ipv4-unicast

            """ + neighbours.joined() + families.joined()
    }
}
