/// A unix socket's address (unix(7)): a path, or with a leading `@` a name in the abstract namespace of the network namespace.
import Foundation

struct UnixSocketAddress {
    private var address = sockaddr_un()
    private let length: socklen_t
    /// Whether the text was short enough to be an address: 107 bytes.
    let isWhole: Bool

    init(_ text: String) {
        var bytes = Array(text.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 }
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        isWhole = bytes.count <= room
        let used = bytes.prefix(room)
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: used) }
        let head = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        length = socklen_t(head + used.count + (isAbstract ? 0 : 1))
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
