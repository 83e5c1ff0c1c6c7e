/// How the blocks of HTTP and DNS probes are read.
import ConfigSyntax
import NetTypes
import PolicyEngine

extension HTTPProbe {
    /// Keys that only an http probe has.
    private static let keys = ["expect", "body", "method", "host", "targets", "tls"]

    /// Reads the keys beside `http`; where the probe is of another kind, only says that they do not belong there.
    static func read(_ block: BlockReader, isHTTP: Bool) -> HTTPProbe? {
        guard isHTTP else {
            for key in keys where block.node(key) != nil {
                block.report("belongs to an http probe", key: key)
            }
            return nil
        }
        let expect = block.values("expect", as: StatusRange.self).map(\.value)
        let body = block.optional("body", as: String.self)
        let method = block.optional("method", as: HTTPQuestion.Method.self)
        let host = block.optional("host", as: String.self)
        let targets = block.has("targets") ? ProbeTargets.read("targets", block, as: IPAddress.self) : []
        let tls = TLSTerms.read(block)
        check(body, method, host, block)
        guard let url = block.optional("http", as: ProbeURL.self) else { return nil }
        if !url.value.isTLS, block.has("tls") { block.report("belongs to an https URL", key: "tls") }
        checkTargets(url.value.host, block)
        return HTTPProbe(
            url: url,
            targets: targets,
            method: method?.value ?? .get,
            host: host,
            expect: expect.isEmpty ? [StatusRange(200, 200)] : expect,
            body: body,
            tls: tls
        )
    }

    private static func check(
        _ body: Located<String>?,
        _ method: Located<HTTPQuestion.Method>?,
        _ host: Located<String>?,
        _ block: BlockReader
    ) {
        if let body, body.value.utf8.count > ProbeDefinition.longestBody {
            block.report("is longer than \(ProbeDefinition.longestBody) bytes", key: "body")
        }
        if body != nil, method?.value == .head { block.report("never comes in an answer to HEAD", key: "body") }
        let isHost = host?.value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ?? true
        if !isHost { block.report("holds what may not stand in a header", key: "host") }
    }

    /// A probe looks no name up: over which way it would ask, and what a wrong answer would say, nobody could tell.
    private static func checkTargets(_ host: ProbeURL.Host, _ block: BlockReader) {
        switch host {
        case .name(let name):
            guard !block.has("targets") else { return }
            block.report(
                "names '\(name)', which a probe does not look up",
                key: "http",
                hint: "say under targets: which addresses to ask for it"
            )
        case .member, .address:
            guard block.has("targets") else { return }
            block.report("belongs to a URL with a name: this one says itself whom to ask", key: "targets")
        }
    }
}

extension HTTPProbe.TLSTerms {
    fileprivate static func read(_ block: BlockReader) -> Self {
        guard let tls = block.block("tls") else { return .standard }
        defer { tls.finish() }
        let verify = tls.optional("verify", as: Bool.self)?.value ?? true
        let authority = tls.optional("ca", as: String.self)
        if let authority {
            if !authority.value.hasPrefix("/") { tls.report("must be an absolute path", key: "ca") }
            if !verify { tls.report("trusts nobody where 'verify' is false", key: "ca") }
        }
        let longest = Span.seconds(10 * 365 * 86400)
        let within =
            tls.has("expires-within")
            ? tls.span("expires-within", default: .zero, within: .seconds(60)...longest) : nil
        return Self(verify: verify, authority: authority, expiresWithin: within)
    }
}

extension DNSProbe {
    static func read(_ block: BlockReader) -> DNSProbe? {
        guard let dns = block.block("dns") else { return nil }
        defer { dns.finish() }
        let servers = ProbeTargets.read("servers", dns, as: DNSServer.self)
        if !dns.has("servers") { dns.reportLack("'\(dns.path)' lacks 'servers'") }
        let type = dns.optional("type", as: DNSQuestion.RecordType.self)?.value ?? .a
        let expect = dns.values("expect", as: IPAddress.self)
        for address in expect where type.family != address.value.family {
            dns.diagnostics.report(
                "'\(address.value)' cannot stand in a record of type \(type.rawValue)",
                at: address.place
            )
        }
        guard let name = dns.required("name", as: String.self) else { return nil }
        let plain = name.value.hasSuffix(".") ? String(name.value.dropLast()) : name.value
        if !DNSName.isName(plain) { dns.report("'\(name.value)' is no name", key: "name") }
        guard !servers.isEmpty else { return nil }
        return DNSProbe(
            servers: servers,
            question: DNSQuestion(name: plain, type: type, expect: expect.map(\.value))
        )
    }
}

extension DNSQuestion.RecordType {
    /// Of the addresses in its records; nil where there are none.
    var family: AddressFamily? {
        switch self {
        case .a: .v4
        case .aaaa: .v6
        case .ns, .cname, .soa, .ptr, .mx, .txt: nil
        }
    }
}
