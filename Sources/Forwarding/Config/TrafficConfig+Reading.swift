/// How `network.sets`, `policies`, `services` and `notify` are read.
package import ConfigSyntax
import NetTypes
package import PolicyEngine

extension AddressSetDefinition {
    static func readAll(in network: BlockReader) -> [AddressSetDefinition] {
        network.named("sets").compactMap { entry in
            let path = "\(network.path).sets.\(entry.key.value)"
            return content(entry.value, path, network.diagnostics).map {
                AddressSetDefinition(name: entry.key, content: $0, addresses: addresses(in: $0))
            }
        }
    }

    private static func content(_ node: Node, _ path: String, _ diagnostics: Diagnostics) -> Content? {
        if case .list(let items) = node.kind {
            return .list(items.compactMap { AddressSpan.read($0, what: path, into: diagnostics) })
        }
        guard case .map = node.kind else {
            diagnostics.report(
                "'\(path)' must be a list of prefixes, not \(node.kindName)",
                at: node.place,
                hint: "or {domains: […]} or {file: …}"
            )
            return nil
        }
        let block = BlockReader(node, path: path, into: diagnostics)
        defer { block.finish() }
        let domains = block.values("domains", as: String.self)
        let file = block.optional("file", as: String.self)
        block.noteUnserved("domains")
        if block.has("domains"), block.has("file") { block.report("stands beside 'domains'", key: "file") }
        for domain in domains { checkDomain(domain, path, diagnostics) }
        if let file { return .file(file) }
        if block.has("domains") { return .domains(domains) }
        diagnostics.report("'\(path)' names neither domains nor a file", at: node.place)
        return nil
    }

    private static func addresses(in content: Content) -> AddressRanges {
        switch content {
        case .list(let spans): AddressRanges(spans.map(\.value.range))
        case .domains, .file: .none
        }
    }

    private static func checkDomain(_ domain: Located<String>, _ path: String, _ diagnostics: Diagnostics) {
        let bare = domain.value.hasPrefix("*.") ? domain.value.dropFirst(2) : domain.value[...]
        let labels = bare.split(separator: ".", omittingEmptySubsequences: false)
        let isFine = bare.utf8.count <= 253 && labels.allSatisfy { BlockReader.isName(String($0)) }
        if !isFine {
            diagnostics.report("'\(domain.value)' is no domain name", at: domain.place, hint: "*. may stand before it")
        }
    }
}

extension AddressSpan: ScalarValue {
    package static var expectation: String { IPPrefix.expectation + " or a range such as 192.0.2.1-192.0.2.9" }

    package static func parse(_ text: String) throws(ScalarError) -> AddressSpan {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return AddressSpan(range: try IPPrefix.parse(text).addresses) }
        guard let first = IPAddress(parts[0]), let last = IPAddress(parts[1]) else { throw .notThis }
        guard first.family == last.family else { throw .because("the range '\(text)' mixes IPv4 and IPv6", hint: nil) }
        guard first <= last else { throw .because("the range '\(text)' ends before it starts", hint: nil) }
        return AddressSpan(range: first...last)
    }
}

extension SetTable {
    /// What conditions can look up. Those that are read from files are there, and empty until then.
    package init(_ sets: [AddressSetDefinition]) {
        self.init(sets.map { ($0.name.value, $0.addresses) })
    }
}

extension NetworkPolicy {
    static func readAll(in network: BlockReader, sets: SetTable) -> [NetworkPolicy] {
        network.policies().compactMap { block in
            defer { block.finish() }
            return read(block, sets)
        }
    }

    private static func read(_ block: BlockReader, _ sets: SetTable) -> NetworkPolicy? {
        let diagnostics = block.diagnostics
        let name = block.policyName()
        let condition = block.requiredNode("match")
        let match = condition.flatMap {
            Match.read(
                $0,
                what: "\(block.path).match",
                schema: PacketFact.schema,
                sets: sets,
                into: diagnostics
            )
        }
        let action = action(block)
        let strategy = strategy(block)
        let otherwise = block.optional("otherwise", as: Otherwise.self)?.value
        if otherwise != nil, block.has("reject") { block.report("belongs to 'use'", key: "otherwise") }
        guard let name, let action else { return nil }
        return NetworkPolicy(
            name: name,
            match: match ?? .never,
            matchText: condition?.text ?? "",
            action: action,
            strategy: strategy,
            otherwise: otherwise,
            place: block.place
        )
    }

    private static func strategy(_ block: BlockReader) -> PolicyStrategy? {
        guard let (strategy, aims) = block.strategy() else { return nil }
        if block.has("reject") { block.report("belongs to 'use'", key: "strategy") }
        return PolicyStrategy(strategy, aims)
    }

    private static func action(_ block: BlockReader) -> Action? {
        let use = block.optional("use", as: String.self)
        let reject = block.optional("reject", as: Refusal.self)
        if block.has("use") == block.has("reject") {
            block.reportLack(
                block.has("use")
                    ? "'\(block.path)' says more than one thing to do: use, reject"
                    : "'\(block.path)' says not what to do",
                hint: "write one of use: and reject:"
            )
            return nil
        }
        return use.map { .use($0) } ?? reject.map { .reject($0.value) }
    }
}

extension ServiceDefinition {
    static func readAll(in network: BlockReader) -> [ServiceDefinition] {
        network.named("services").compactMap { entry in
            let path = "\(network.path).services.\(entry.key.value)"
            network.diagnostics.noteUnserved(path, at: entry.key.place)
            let block = BlockReader(entry.value, path: path, into: network.diagnostics)
            defer { block.finish() }
            let listen = block.required("listen", as: ServiceAddress.self)
            let use = block.required("use", as: String.self)
            let flows = block.optional("flows", as: Flows.self)?.value ?? .hash
            guard let listen, let use else { return nil }
            return ServiceDefinition(
                name: entry.key,
                listen: listen.map(\.endpoint),
                transport: listen.value.transport,
                use: use,
                flows: flows
            )
        }
    }
}

/// `203.0.113.10:443/tcp`.
private struct ServiceAddress: ScalarValue {
    let endpoint: IPEndpoint
    let transport: ServiceDefinition.Transport

    static var expectation: String { "an address, a port and a protocol such as 203.0.113.10:443/tcp" }

    static func parse(_ text: String) throws(ScalarError) -> ServiceAddress {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .because("'\(text)' lacks its protocol", hint: "write \(text)/tcp") }
        guard let endpoint = IPEndpoint(String(parts[0])),
            let transport = ServiceDefinition.Transport(rawValue: String(parts[1]))
        else { throw .notThis }
        return ServiceAddress(endpoint: endpoint, transport: transport)
    }
}

extension NotifyDefinition {
    static func readAll(in network: BlockReader) -> [NotifyDefinition] {
        let items = network.list("notify")
        if items.count > mostHooks { network.report("has more than \(mostHooks) hooks", key: "notify") }
        return items.compactMap { item in
            let block = BlockReader(item, path: "\(network.path).notify", into: network.diagnostics)
            defer { block.finish() }
            return read(block)
        }
    }

    private static func read(_ block: BlockReader) -> NotifyDefinition? {
        let subjects = block.values("on", as: Subject.self).map(\.value)
        let timeout = block.span("timeout", default: standardTimeout, within: .milliseconds(100)...longestTimeout)
        let webhook = block.optional("webhook", as: String.self)
        let exec = block.optional("exec", as: String.self)
        if !block.has("on") { block.reportLack("'\(block.path)' lacks 'on'") }
        if block.has("webhook"), block.has("exec") { block.report("stands beside 'webhook'", key: "exec") }
        if let webhook {
            checkURL(webhook.value, block)
            return NotifyDefinition(
                subjects: subjects,
                channel: .webhook(webhook),
                timeout: timeout,
                place: block.place
            )
        }
        if let exec {
            if !exec.value.hasPrefix("/") { block.report("must be an absolute path", key: "exec") }
            return NotifyDefinition(subjects: subjects, channel: .exec(exec), timeout: timeout, place: block.place)
        }
        if !block.has("webhook"), !block.has("exec") {
            block.reportLack("'\(block.path)' says not how", hint: "write webhook: or exec:")
        }
        return nil
    }

    private static func checkURL(_ url: String, _ block: BlockReader) {
        guard let scheme = ["http://", "https://"].first(where: url.hasPrefix) else {
            return block.report("must start with http:// or https://", key: "webhook")
        }
        let authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
        if authority.isEmpty { block.report("names no host", key: "webhook") }
        // It is shown in the journal and in metrics.
        if authority.contains("@") { block.report("must not carry a user or a password", key: "webhook") }
        let isPlain = url.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x23 }
        if !isPlain { block.report("has characters that no request's URL may have", key: "webhook") }
    }
}
