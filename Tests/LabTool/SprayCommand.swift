import Glibc
import LabText

/// `lab-tool spray`: one datagram to each of many ports of one address, by one socket: as many flows as ports, in a moment. Nobody answers;
/// who counts them sits on the way.
struct SprayCommand {
    private let endpoint: Endpoint
    private let count: Int

    /// Room for every flow above the first port asked for.
    private static let mostPorts = 32_768
    /// Always the same, so that the flows of two sprays are the same flows.
    private static let sourcePort = 19_999
    /// After so many the kernel may work off what it queued: a veth's backlog holds a thousand.
    private static let burst = 256

    init(_ arguments: ArraySlice<String>) throws {
        let options = try CommandOptions(arguments, known: ["--to", "--ports"])
        endpoint = try Endpoint(options.required("--to"))
        count = try options.integer("--ports", in: 1...Self.mostPorts, absent: 1)
    }

    func run() throws {
        let opened = try datagramSocket(family: endpoint.family)
        let source = try Endpoint(
            endpoint.family == AF_INET6 ? "[::]:\(Self.sourcePort)" : "0.0.0.0:\(Self.sourcePort)"
        )
        guard source.withAddress({ bind(opened.number, $0, $1) }) == 0 else { throw SystemFailure("bind \(source)") }
        var sent = 0
        for offset in 0..<count {
            let target = endpoint.moved(by: offset)
            let written = target.withAddress { sendto(opened.number, "x", 1, 0, $0, $1) }
            if written == 1 { sent += 1 }
            if offset % Self.burst == Self.burst - 1 { usleep(1000) }
        }
        emit(["event": "end", "sent": .integer(sent)])
    }
}
