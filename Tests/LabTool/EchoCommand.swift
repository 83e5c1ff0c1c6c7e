import Glibc
import LabText

/// `lab-tool echo`: sends every datagram back to where it came from, on any number of addresses.
struct EchoCommand {
    private let endpoints: [Endpoint]

    /// The largest datagram that is echoed, bytes: more than any stream sends.
    private static let largestDatagram = 2048

    init(_ arguments: ArraySlice<String>) throws {
        let options = try CommandOptions(arguments, known: ["--listen"])
        endpoints = try options.values("--listen").map { try Endpoint($0) }
        guard !endpoints.isEmpty else { throw CommandOptions.Misuse("--listen is missing") }
    }

    func run() throws {
        StopRequest.listen()
        var sockets: [CInt] = []
        for endpoint in endpoints { sockets.append(try open(endpoint)) }
        emit(["event": "ready", "listening": .array(endpoints.map { .string($0.description) })])
        var polled = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var echoed = 0
        while !StopRequest.isMade {
            guard poll(&polled, nfds_t(polled.count), StopRequest.longestWait) > 0 else { continue }
            for entry in polled where entry.revents != 0 { echoed += drain(entry.fd) }
        }
        emit(["event": "end", "echoed": .integer(echoed)])
    }

    /// Opens and binds; these sockets live as long as the process.
    private func open(_ endpoint: Endpoint) throws -> CInt {
        let opened = try datagramSocket(family: endpoint.family)
        let bound = endpoint.withAddress { bind(opened.number, $0, $1) }
        guard bound == 0 else { throw SystemFailure("bind \(endpoint)") }
        return dup(opened.number)
    }

    /// Answers all that waits on `socket`; gives how many there were.
    private func drain(_ socket: CInt) -> Int {
        var echoed = 0
        var buffer = [UInt8](repeating: 0, count: EchoCommand.largestDatagram)
        while true {
            var sender = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let sent = withUnsafeMutablePointer(to: &sender) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    let count = recvfrom(socket, &buffer, buffer.count, 0, address, &length)
                    return count < 0 ? -1 : sendto(socket, buffer, count, 0, address, length)
                }
            }
            // EAGAIN means all was read; a refused send (no way back just now) must not stop the echo.
            if sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) { return echoed }
            if sent >= 0 { echoed += 1 }
        }
    }
}
