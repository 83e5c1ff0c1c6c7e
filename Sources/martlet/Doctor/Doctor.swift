/// What on this host will fight us, and what packets could pass beside the policy? Pure: facts in, findings out.
import Forwarding
import Kernel
import NetTypes

struct Doctor {
    let facts: HostFacts

    /// What works against us, the worst first.
    var findings: [Finding] {
        let all =
            (facts.fileTrouble.map { [Finding("file", .note, $0, fix: "martlet check")] } ?? []) + managers + sysctls
            + windows + features + files + others
        // In the order of the checks within a severity.
        return all.filter { $0.severity == .fights } + all.filter { $0.severity == .note }
    }

    // MARK: Other managers of the network

    private static let networkdSwitches = [
        ("ManageForeignRoutes", "removes routes and next hops that it did not make, when it starts or a link comes up"),
        ("ManageForeignRoutingPolicyRules", "removes rules that it did not make, when it starts"),
        ("ManageForeignNextHops", "removes next hops that it did not make (version 256 and later)"),
    ]

    var managers: [Finding] {
        var found: [Finding] = []
        if let texts = facts.networkd {
            let on = Self.networkdSwitches.filter { Self.isOn($0.0, in: texts) }
            if !on.isEmpty {
                let drop = "/etc/systemd/networkd.conf.d/60-martlet.conf"
                let lines = ["[Network]"] + on.map { "\($0.0)=no" }
                found.append(
                    Finding(
                        "networkd",
                        .fights,
                        "systemd-networkd " + on.map { "\($0.1) (\($0.0))" }.joined(separator: "; "),
                        fix:
                            "mkdir -p /etc/systemd/networkd.conf.d && printf '\(lines.joined(separator: "\\n"))\\n' > \(drop) "
                            + "&& systemctl restart systemd-networkd"
                    )
                )
            }
        }
        if facts.networkManagerRuns, !facts.memberDevices.isEmpty {
            let devices = facts.memberDevices.joined(separator: ", ")
            found.append(
                Finding(
                    "network-manager",
                    .note,
                    "NetworkManager makes default routes on \(devices) with metrics of its own; they wait behind ours "
                        + "(\(facts.window.metric)) as long as their metric is higher",
                    fix: "nmcli connection modify NAME ipv4.route-metric 300 ipv6.route-metric 300"
                )
            )
        }
        if let text = facts.nftablesFile, text.split(separator: "\n").contains(where: { Self.isFlush($0) }) {
            found.append(
                Finding(
                    "nftables-flush",
                    .fights,
                    "nftables.service is enabled, and its file begins with 'flush ruleset': each start and reload of it removes "
                        + "our table until we put it back",
                    fix:
                        "replace 'flush ruleset' in /etc/nftables.conf by 'destroy table FAMILY NAME' for each table of the file"
                )
            )
        }
        return found
    }

    /// The last word of the files counts; without one, it is on.
    private static func isOn(_ key: String, in texts: [String]) -> Bool {
        let values = texts.flatMap { $0.split(separator: "\n") }.compactMap { line -> String? in
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
            return parts.count == 2 && parts[0] == key ? parts[1].lowercased() : nil
        }
        return !["no", "false", "0", "off"].contains(values.last ?? "yes")
    }

    private static func isFlush(_ line: Substring) -> Bool {
        line.split(whereSeparator: \.isWhitespace).prefix(2) == ["flush", "ruleset"]
    }

    // MARK: Features, files, clock

    var features: [Finding] {
        guard let has = facts.features else {
            return [
                Finding(
                    "features",
                    .note,
                    "what the kernel can do was not tried: that needs root",
                    fix: "sudo martlet doctor"
                )
            ]
        }
        return KernelFeature.allCases.filter { !has.contains($0) }.map { feature in
            let isNeeded = feature == .nexthopObjects || feature == .nftables
            return Finding(
                "kernel-feature",
                isNeeded ? .fights : .note,
                "this kernel has no \(feature.rawValue): \(Self.consequence(of: feature))",
                fix: Self.remedy(for: feature)
            )
        }
    }

    private static func consequence(of feature: KernelFeature) -> String {
        switch feature {
        case .nexthopObjects: "nothing can be routed"
        case .wideWeights: "weights above 256 are refused"
        case .resilientGroups: "'flows: resilient' is refused"
        case .nftables: "marks and counters cannot be programmed"
        case .conntrack: "flows stay on a path that failed until they end"
        case .landlock: "who takes the gateway can write the daemon's files and end it"
        }
    }

    private static func remedy(for feature: KernelFeature) -> String {
        switch feature {
        case .nexthopObjects, .resilientGroups: "run Linux \(KernelRelease.minimum) or later"
        case .wideWeights: "run Linux 6.12 or later"
        case .nftables: "modprobe nf_tables"
        case .conntrack: "modprobe nf_conntrack_netlink"
        case .landlock: "add landlock to lsm= on the kernel's command line (Linux 5.13 or later)"
        }
    }

    var files: [Finding] {
        facts.files.compactMap { file in
            guard let mode = file.mode else {
                return file.kind == .secret
                    ? Finding("secret", .fights, "the secret \(file.path) is not there", fix: "put it there, mode 0600")
                    : nil
            }
            switch file.kind {
            case .configuration where mode & 0o022 != 0:
                return Finding(
                    "file-mode",
                    .fights,
                    "\(file.path) can be written by others than its owner: they could route your traffic",
                    fix: "chmod go-w \(file.path)"
                )
            case .secret where mode & 0o077 != 0:
                return Finding(
                    "secret-mode",
                    .fights,
                    "the secret \(file.path) can be read by others than its owner",
                    fix: "chmod 0600 \(file.path)"
                )
            case .configuration, .secret: return nil
            }
        }
    }

    /// CAP_NET_ADMIN and CAP_NET_RAW of capabilities(7).
    private static let needed = [(12, "CAP_NET_ADMIN"), (13, "CAP_NET_RAW")]

    var others: [Finding] {
        var found: [Finding] = []
        if let held = facts.daemonCapabilities, facts.network != nil {
            let missing = Self.needed.filter { held >> UInt64($0.0) & 1 == 0 }.map(\.1)
            if !missing.isEmpty {
                found.append(
                    Finding(
                        "capabilities",
                        .fights,
                        "the running daemon lacks \(missing.joined(separator: " and "))",
                        fix: "systemctl restart martletd"
                    )
                )
            }
        }
        if facts.isClockSynchronised == false {
            found.append(
                Finding(
                    "clock",
                    .note,
                    "nothing keeps the clock right: times in conditions and logs, and certificates, go by it",
                    fix: "systemctl enable --now systemd-timesyncd"
                )
            )
        }
        return found
    }
}
