/// What a configured probe means for one member in one scope.
import ConfigSyntax
import NetTypes
package import PolicyEngine

extension ProbePlan {
    /// What `definition` asks for in `scope`; nil when it has no target there. `any` asks all targets. Where a family has fewer
    /// targets than `need`, all of them are needed.
    ///
    /// - Parameter own: The member's own address, which `{member}` stands for: its backend, or its gateway without a port.
    package init?(_ definition: ProbeDefinition, in scope: HealthScope, own: ProbeTarget? = nil) {
        let own = own.flatMap { Self.belongs($0.family, scope) ? $0 : nil }
        guard let question = definition.kind.question(own: own) else { return nil }
        self.init(
            question,
            targets: definition.kind.targets(own: own).filter { Self.belongs($0.family, scope) },
            need: definition.need,
            interval: definition.interval,
            timeout: definition.timeout,
            rounds: definition.rounds,
            limits: definition.limits
        )
    }

    private static func belongs(_ family: AddressFamily, _ scope: HealthScope) -> Bool {
        scope == .any || HealthScope(family) == scope
    }
}

extension ProbeDefinition.Kind {
    /// nil when the request cannot be written without the member's own address, and for sessions, which are no rounds of requests.
    fileprivate func question(own: ProbeTarget?) -> ProbeQuestion? {
        switch self {
        case .icmp: .echo
        case .tcp: .connect
        case .neighbour: .neighbour
        case .dns(let probe): .dns(probe.question)
        case .http(let probe): probe.question(own: own).map { .http($0) }
        case .bfd: nil
        }
    }

    fileprivate func targets(own: ProbeTarget?) -> [ProbeTarget] {
        switch self {
        case .icmp(let targets): targets.compactMap { $0.value.target(own: own, port: nil) }
        case .tcp(let targets): targets.compactMap { $0.value.target(own: own) }
        case .neighbour: own.map { [ProbeTarget($0.address)] } ?? []
        case .dns(let probe): probe.servers.map(\.value.target)
        case .http(let probe): probe.targets(own: own)
        case .bfd: []
        }
    }

    /// Whether a target is the member itself.
    package var asksMember: Bool {
        switch self {
        case .icmp(let targets): targets.contains { $0.value == .member }
        case .tcp(let targets): targets.contains { $0.value.host == .member }
        case .neighbour: true
        case .dns, .bfd: false
        case .http(let probe): probe.url.value.host == .member
        }
    }
}

extension ProbeHost {
    /// nil when it is the member and that has no address, or no port is known.
    func target(own: ProbeTarget?, port: UInt16?) -> ProbeTarget? {
        switch self {
        case .address(let address): ProbeTarget(address, port: port ?? 0)
        case .member: own.map { ProbeTarget($0.address, port: port ?? 0) }
        }
    }
}

extension ProbeEndpoint {
    fileprivate func target(own: ProbeTarget?) -> ProbeTarget? {
        let port = port ?? own?.port
        return port == 0 ? nil : host.target(own: own, port: port)
    }
}

extension HTTPProbe {
    /// Whom it asks; nil stands for the member itself.
    var addresses: [IPAddress?] {
        guard targets.isEmpty else { return targets.map(\.value) }
        switch url.value.host {
        case .address(let address): return [address]
        case .member, .name: return [nil]
        }
    }

    /// The port of the URL, else the backend's own, else that of the scheme.
    private func port(own: ProbeTarget?) -> UInt16 {
        if let port = url.value.port { return port }
        if url.value.host == .member, let own, own.port > 0 { return own.port }
        return url.value.standardPort
    }

    fileprivate func targets(own: ProbeTarget?) -> [ProbeTarget] {
        let port = port(own: own)
        guard targets.isEmpty else { return targets.map { ProbeTarget($0.value, port: port) } }
        switch url.value.host {
        case .address(let address): return [ProbeTarget(address, port: port)]
        case .member: return own.map { [ProbeTarget($0.address, port: port)] } ?? []
        case .name: return []
        }
    }

    fileprivate func question(own: ProbeTarget?) -> HTTPQuestion? {
        let name: String
        switch url.value.host {
        case .name(let written): name = written
        case .address(let address): name = Self.bracketed(address)
        case .member:
            guard let own else { return nil }
            name = Self.bracketed(own.address)
        }
        let port = port(own: own)
        let isStandard = port == url.value.standardPort
        let serverName: String? = if case .name(let written) = url.value.host { written } else { host?.value }
        return HTTPQuestion(
            method: method,
            host: host?.value ?? (isStandard ? name : "\(name):\(port)"),
            path: url.value.path,
            expect: expect,
            body: body?.value,
            tls: url.value.isTLS
                ? TLSQuestion(
                    verify: tls.verify,
                    authority: tls.authority?.value,
                    expiresWithin: tls.expiresWithin,
                    name: serverName
                ) : nil
        )
    }

    private static func bracketed(_ address: IPAddress) -> String {
        address.family == .v6 ? "[\(address)]" : address.description
    }
}
