/// How `control` is read.
import ConfigSyntax
import NetTypes
import PolicyEngine

extension ControlConfiguration {
    /// `sun_path` holds 108 bytes, the last of which is 0 (`unix(7)`).
    static let longestSocketPath = 107

    static func read(_ block: BlockReader) -> ControlConfiguration {
        defer { block.finish() }
        let socket = block.optional("socket", as: String.self)
        if let socket, !socket.value.hasPrefix("/") || socket.value.utf8.count > longestSocketPath {
            block.report("must be an absolute path of at most \(longestSocketPath) bytes", key: "socket")
        }
        return ControlConfiguration(
            socket: socket?.value ?? defaultSocket,
            admin: block.optional("admin", as: String.self),
            readOnly: block.optional("read-only", as: String.self),
            metrics: block.optional("metrics", as: IPEndpoint.self)
        )
    }
}
