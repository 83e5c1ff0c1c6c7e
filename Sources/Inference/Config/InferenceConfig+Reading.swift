/// How `models` is read.
package import ConfigSyntax
import NetTypes
package import PolicyEngine

extension ModelsConfiguration {
    /// Reads the block; `sets` are what conditions can look up.
    package static func read(_ block: BlockReader, sets: SetTable) -> ModelsConfiguration {
        defer { block.finish() }
        let diagnostics = block.diagnostics
        let listen = ListenDefinition.readAll(in: block)
        let providers = block.named("providers").compactMap { entry in
            ProviderDefinition.read(entry, path: "\(block.path).providers", into: diagnostics)
        }
        let groups = block.named("groups").compactMap { entry in
            ModelGroup.read(entry, path: "\(block.path).groups", into: diagnostics)
        }
        return ModelsConfiguration(
            listen: listen,
            providers: providers,
            groups: groups,
            policies: ModelPolicy.readAll(in: block, sets: sets),
            teams: TeamDefinition.readAll(in: block),
            keys: ClientKey.readAll(in: block),
            egress: EgressEnforcement.read(in: block),
            prices: PricesConfiguration.read(in: block),
            ledger: LedgerRetention.read(in: block),
            catalogue: ModelFacts.readAll("catalogue", in: block),
            place: block.place
        )
    }
}

extension ListenDefinition {
    static func readAll(in models: BlockReader) -> [ListenDefinition] {
        let items = models.list("listen")
        if items.isEmpty, models.isReadable, !models.has("listen") || models.node("listen")?.kind == .list([]) {
            models.diagnostics.report(
                "'\(models.path)' listens nowhere",
                at: models.keyPlace("listen"),
                hint: "add listen:"
            )
        }
        return items.compactMap { read($0, path: "\(models.path).listen", into: models.diagnostics) }
    }

    private static func read(_ node: Node, path: String, into diagnostics: Diagnostics) -> ListenDefinition? {
        guard case .map = node.kind else {
            return IPEndpoint.read(node, what: path, into: diagnostics).map {
                ListenDefinition(endpoint: $0.value, tls: nil, place: $0.place)
            }
        }
        let block = BlockReader(node, path: path, into: diagnostics)
        defer { block.finish() }
        let endpoint = block.required("address", as: IPEndpoint.self)
        let tls = block.block("tls").flatMap(TLSIdentity.read)
        return endpoint.map { ListenDefinition(endpoint: $0.value, tls: tls, place: $0.place) }
    }
}

extension TLSIdentity {
    static func read(_ block: BlockReader) -> TLSIdentity? {
        defer { block.finish() }
        let certificate = SecretReference.required("certificate", in: block)
        let key = SecretReference.required("key", in: block)
        guard let certificate, let key else { return nil }
        return TLSIdentity(certificate: certificate, key: key)
    }
}

extension EgressEnforcement {
    static func read(in models: BlockReader) -> EgressEnforcement {
        guard let block = models.block("egress") else { return .off }
        defer { block.finish() }
        let enforce = block.optional("enforce", as: EgressEnforcement.self)?.value ?? .off
        if enforce != .off { block.noteUnserved("enforce") }
        return enforce
    }
}
