/// How a configuration names a secret without holding it: `{credential: NAME}`, `{file: /PATH}`, `{environment: NAME}`.

/// A secret by reference: the value itself never stands in a configuration.
package enum SecretReference: Hashable, Sendable {
    /// A systemd credential (`LoadCredential=`), by name.
    case credential(Located<String>)
    /// An absolute path, readable for the daemon alone.
    case file(Located<String>)
    case environment(Located<String>)
}

extension SecretReference {
    package static func required(_ key: String, in owner: BlockReader) -> SecretReference? {
        owner.requiredNode(key).flatMap { read($0, key, owner) }
    }

    package static func optional(_ key: String, in owner: BlockReader) -> SecretReference? {
        owner.node(key).flatMap { read($0, key, owner) }
    }

    private static func read(_ node: Node, _ key: String, _ owner: BlockReader) -> SecretReference? {
        let path = "\(owner.path).\(key)"
        guard case .map = node.kind else {
            // The text may be the secret itself: it must reach no terminal and no log.
            owner.diagnostics.report(
                Diagnostic(
                    "'\(path)' must be a reference; secrets do not stand in this file",
                    at: node.place,
                    hint: "write {credential: NAME}, {file: PATH} or {environment: NAME}",
                    hidesLine: true
                )
            )
            return nil
        }
        let block = BlockReader(node, path: path, into: owner.diagnostics)
        defer { block.finish() }
        let credential = block.optional("credential", as: String.self)
        let file = block.optional("file", as: String.self)
        let environment = block.optional("environment", as: String.self)
        let written = ["credential", "file", "environment"].filter { block.has($0) }
        guard written.count == 1 else {
            let problem = written.isEmpty ? "names no secret" : "names more than one secret"
            let hint = "write one of credential:, file: and environment:"
            block.diagnostics.report("'\(path)' \(problem)", at: block.place, hint: hint)
            return nil
        }
        return credential.flatMap { checkedCredential($0, block) } ?? file.flatMap { checkedFile($0, block) }
            ?? environment.flatMap { checkedEnvironment($0, block) }
    }

    private static func checkedCredential(_ name: Located<String>, _ block: BlockReader) -> SecretReference? {
        // What systemd allows: a file name (systemd.exec(5), LoadCredential=).
        guard !name.value.contains("/"), name.value != ".", name.value != "..", name.value.utf8.count <= 255 else {
            block.report("is no name of a credential", key: "credential")
            return nil
        }
        return .credential(name)
    }

    private static func checkedFile(_ path: Located<String>, _ block: BlockReader) -> SecretReference? {
        guard path.value.hasPrefix("/") else {
            block.report("must be an absolute path", key: "file")
            return nil
        }
        return .file(path)
    }

    private static func checkedEnvironment(_ name: Located<String>, _ block: BlockReader) -> SecretReference? {
        let isFine =
            name.value.utf8.first.map { !(0x30...0x39).contains($0) } ?? false
            && name.value.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        guard isFine else {
            block.report("is no name of a variable: capitals, digits and '_'", key: "environment")
            return nil
        }
        return .environment(name)
    }
}
