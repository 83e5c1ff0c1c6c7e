/// Where is a secret kept? Only the reference travels and is shown; the gateway alone reads what stands behind it.
package enum GatewaySecret: Hashable, Sendable, Codable {
    /// A systemd credential: the file of this name in `$CREDENTIALS_DIRECTORY` (systemd.exec(5)).
    case credential(String)
    /// A file that nobody but its owner may read.
    case file(String)
    /// An environment variable of the daemon.
    case environment(String)
}

extension GatewaySecret: CustomStringConvertible {
    /// How it is shown: `credential openai`, never the secret.
    package var description: String {
        switch self {
        case .credential(let name): "credential \(name)"
        case .file(let path): "file \(path)"
        case .environment(let name): "environment \(name)"
        }
    }
}
