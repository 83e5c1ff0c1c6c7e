import Glibc
package import LabText

/// How is an HTTP server on a unix socket asked, with nothing but the socket? One request a connection, the answer read to its end.
package struct UnixWeb: Sendable {
    /// The socket's path.
    package var path: String

    /// A question that got no good answer.
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// Seconds a server has to answer; it stands on the same host.
    private static let limit = 10

    package init(path: String) {
        self.path = path
    }

    /// Asks, and gives the JSON of the answer, which must have a status below 300.
    ///
    /// - Throws: ``Failure``.
    @discardableResult
    package func call(_ method: String, _ target: String, body: JSON? = nil) throws -> JSON {
        let content = body?.description ?? ""
        let request = """
            \(method) \(target) HTTP/1.1\r
            host: localhost\r
            connection: close\r
            content-type: application/json\r
            content-length: \(content.utf8.count)\r
            \r
            \(content)
            """
        let answer = try exchange(Array(request.utf8))
        let text = String(decoding: answer, as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        guard parts.count == 2, let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
            status < 300
        else { throw Failure(description: "\(method) \(target) at \(path): \(text.prefix(500))") }
        return try JSON.parse(String(parts[1]))
    }

    private func exchange(_ request: [UInt8]) throws -> [UInt8] {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var limit = timeval(tv_sec: UnixWeb.limit, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard try address({ connect(descriptor, $0, $1) }) == 0 else { throw refused("connect") }
        guard send(descriptor, request, request.count, CInt(MSG_NOSIGNAL)) == request.count else {
            throw refused("send")
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { throw refused("receive") }
            if count == 0 { return answer }
            answer += buffer[..<count]
        }
    }

    private func address(_ use: (UnsafePointer<sockaddr>, socklen_t) -> CInt) throws -> CInt {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: name.sun_path)
        guard path.utf8.count < room else { throw Failure(description: "\(path) is too long for a socket") }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { use($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    private func refused(_ call: String) -> Failure {
        Failure(description: "\(call) \(path): \(String(cString: strerror(errno)))")
    }
}
