/// How `network.probes` is read.
package import ConfigSyntax
package import NetTypes
import PolicyEngine

extension ProbeDefinition {
    /// Reads all probes of the block, in file order.
    package static func readAll(in network: BlockReader) -> [ProbeDefinition] {
        network.named("probes").compactMap { entry in
            let block = BlockReader(
                entry.value,
                path: "\(network.path).probes.\(entry.key.value)",
                into: network.diagnostics
            )
            defer { block.finish() }
            return read(block, name: entry.key)
        }
    }

    private static func read(_ block: BlockReader, name: Located<String>) -> ProbeDefinition? {
        if block.has("bfd") { return readBFD(block, name: name, otherKinds: Kind.keys) }
        let interval = block.span("every", default: defaultInterval, within: shortestInterval...longestInterval)
        let timeout = block.span(
            "timeout",
            default: min(defaultTimeout, interval),
            within: .milliseconds(1)...longestInterval
        )
        if timeout > interval {
            block.report("is longer than the \(interval) between two rounds", key: "timeout")
        }
        let hysteresis = Hysteresis(
            downAfter: block.integer("down-after", default: Hysteresis.standard.downAfter, within: 1...1000),
            upAfter: block.integer("up-after", default: Hysteresis.standard.upAfter, within: 1...1000)
        )
        let need = block.integer("need", default: defaultNeed, within: 1...mostTargets)
        let rounds = block.integer("window", default: ProbeWindow.standardRounds, within: ProbeWindow.allowedRounds)
        let limits = ProbeLimits.read(block, rounds: rounds, timeout: timeout)
        guard let kind = Kind.read(block) else { return nil }
        checkNeed(need, kind, block)
        return ProbeDefinition(
            name: name,
            kind: kind,
            need: need,
            interval: interval,
            timeout: timeout,
            rounds: rounds,
            limits: limits,
            hysteresis: hysteresis,
            place: name.place
        )
    }

    /// Answers are counted within a family, so each family that has targets needs enough of them.
    private static func checkNeed(_ need: Int, _ kind: Kind, _ block: BlockReader) {
        for family in AddressFamily.allCases {
            let count = kind.targetCount(family)
            guard count > 0, need > count else { continue }
            let targets = count == 1 ? "target is" : "targets are"
            block.report("is \(need), but only \(count) \(targets) \(family.shownName)", key: "need")
        }
    }
}

extension ProbeDefinition.Kind {
    /// The keys that say which kind a probe is of.
    static let keys = ["icmp", "tcp", "http", "dns", "neighbour"]

    fileprivate static func read(_ block: BlockReader) -> Self? {
        let written = keys.filter(block.has)
        // Each is asked for, so that none is an unknown key.
        for key in keys { _ = block.node(key) }
        let web = HTTPProbe.read(block, isHTTP: written.first == "http")
        for other in written.dropFirst() {
            block.report("stands beside '\(written[0])'; a probe is of one kind", key: other)
        }
        switch written.first {
        case "icmp": return targets("icmp", block).map { .icmp(targets: $0) }
        case "tcp": return targets("tcp", block).map { .tcp(targets: $0) }
        case "http": return web.map { .http($0) }
        case "dns": return DNSProbe.read(block).map { .dns($0) }
        case "neighbour":
            guard let isOn = block.optional("neighbour", as: Bool.self) else { return nil }
            if !isOn.value { block.report("is either true or not written", key: "neighbour") }
            return .neighbour
        default:
            block.reportLack(
                "'\(block.path)' says not what to send",
                hint: "write one of " + (keys + ["bfd"]).map { "\($0):" }.joined(separator: ", ")
            )
            return nil
        }
    }

    private static func targets<Target: ProbeAddressed & ScalarValue>(
        _ key: String,
        _ block: BlockReader
    ) -> [Located<Target>]? {
        let targets = ProbeTargets.read(key, block, as: Target.self)
        return targets.isEmpty ? nil : targets
    }

    /// How many targets a family has.
    fileprivate func targetCount(_ family: AddressFamily) -> Int {
        switch self {
        case .icmp(let targets): Self.count(targets.map(\.value.address), family)
        case .tcp(let targets): Self.count(targets.map(\.value.address), family)
        case .dns(let probe): Self.count(probe.servers.map(\.value.address), family)
        case .http(let probe): Self.count(probe.addresses, family)
        case .neighbour, .bfd: 1
        }
    }

    /// Whether somebody can be asked in a family.
    package func hasTarget(_ family: AddressFamily) -> Bool { targetCount(family) > 0 }

    private static func count(_ addresses: [IPAddress?], _ family: AddressFamily) -> Int {
        // The member's own address is of whichever family is asked.
        addresses.count { $0.map { $0.family == family } ?? true }
    }
}

extension ProbeLimits {
    fileprivate static func read(_ block: BlockReader, rounds: Int, timeout: Span) -> ProbeLimits? {
        guard let limits = block.block("limits") else { return nil }
        defer { limits.finish() }
        let loss = limits.optional("loss", as: Percent.self)
        let shortest = Span(nanoseconds: 1000)
        let bound = { (key: String) in
            let span = limits.span(key, default: timeout, within: shortest...timeout)
            return limits.has(key) ? span : nil
        }
        let (latency, jitter) = (bound("latency"), bound("jitter"))
        let recovery = limits.optional("recover-at", as: Percent.self)
        if let recovery, recovery.value.fraction == .zero { limits.report("can never be reached", key: "recover-at") }
        if !["loss", "latency", "jitter"].contains(where: limits.has) {
            limits.reportLack("'\(limits.path)' limits nothing", hint: "write loss:, latency: or jitter:")
        }
        if rounds < LimitWatch.fewestSamples {
            block.report("is too short for limits, which need \(LimitWatch.fewestSamples) rounds", key: "window")
        }
        return ProbeLimits(
            loss: loss?.value.fraction,
            latency: latency,
            jitter: jitter,
            recoverAt: recovery?.value.fraction ?? standardRecovery
        )
    }
}
