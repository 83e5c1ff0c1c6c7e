/// How `network.probes` is read.
package import ConfigSyntax
import NetTypes
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
        guard let kind = kind(block) else { return nil }
        checkNeed(need, kind, block)
        return ProbeDefinition(
            name: name,
            kind: kind,
            need: need,
            interval: interval,
            timeout: timeout,
            hysteresis: hysteresis,
            place: name.place
        )
    }

    private static func kind(_ block: BlockReader) -> Kind? {
        let (hasICMP, hasHTTP) = (block.has("icmp"), block.has("http"))
        let targets = block.values("icmp", as: IPAddress.self)
        let url = block.optional("http", as: String.self)
        let status = block.integer("expect", default: 200, within: 100...599)
        if block.has("expect"), !hasHTTP { block.report("belongs to an http probe", key: "expect") }
        if hasICMP, hasHTTP { block.report("stands beside 'icmp'; a probe is of one kind", key: "http") }
        guard hasICMP || hasHTTP else {
            block.reportLack(
                "'\(block.path)' says not what to send",
                hint: "write icmp: or http:"
            )
            return nil
        }
        if hasICMP { return icmp(targets, block) }
        guard let url else { return nil }
        checkURL(url, block)
        block.noteUnserved("http")
        return .http(url: url, expectedStatus: status)
    }

    private static func icmp(_ targets: [Located<IPAddress>], _ block: BlockReader) -> Kind? {
        guard let node = block.node("icmp"), !targets.isEmpty else {
            if case .list(let items)? = block.node("icmp")?.kind, items.isEmpty {
                block.report("names no target", key: "icmp")
            }
            return nil
        }
        if targets.count > mostTargets {
            block.diagnostics.report("'\(block.path).icmp' names more than \(mostTargets) targets", at: node.place)
        }
        for (position, target) in targets.enumerated() {
            if target.value.isMulticast || target.value.isUnspecified || target.value.isLoopback {
                block.diagnostics.report(
                    "'\(target.value)' cannot be probed: it is no host elsewhere",
                    at: target.place
                )
            }
            if let earlier = targets[..<position].first(where: { $0.value == target.value }) {
                block.diagnostics.report("'\(target.value)' is here twice", at: target.place, related: earlier.place)
            }
        }
        return .icmp(targets: targets)
    }

    /// Answers are counted within a family, so each family that has targets needs enough of them.
    private static func checkNeed(_ need: Int, _ kind: Kind, _ block: BlockReader) {
        guard case .icmp(let targets) = kind else {
            if need > 1 { block.report("is more than the one target of an http probe", key: "need") }
            return
        }
        for family in AddressFamily.allCases {
            let count = targets.count { $0.value.family == family }
            if count > 0, need > count {
                let targets = count == 1 ? "target is" : "targets are"
                block.report("is \(need), but only \(count) \(targets) \(family.shownName)", key: "need")
            }
        }
    }

    private static func checkURL(_ url: Located<String>, _ block: BlockReader) {
        guard url.value.hasPrefix("http://") || url.value.hasPrefix("https://") else {
            block.diagnostics.report("'\(block.path).http' must start with http:// or https://", at: url.place)
            return
        }
        let placeholders = url.value.split(separator: "{", omittingEmptySubsequences: false).dropFirst()
        if placeholders.contains(where: { !$0.hasPrefix("member}") }) {
            block.diagnostics.report(
                "'\(block.path).http' has an unknown placeholder",
                at: url.place,
                hint: "{member} stands for the member's address and port"
            )
        }
    }
}
