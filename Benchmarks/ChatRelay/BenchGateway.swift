/// A gateway without its daemon, for the benchmark: makes the socket pair and one snapshot itself.
///
///     bench-gateway LISTEN-PORT PROVIDER-PORT LOOPS
import ConfigSyntax
import FoundationEssentials
import Gateway
import Glibc
import Inference
import NIOCore
import NetTypes
import PolicyEngine

@main
enum BenchGateway {
    static func main() {
        let numbers = CommandLine.arguments.dropFirst().compactMap { UInt16($0) }
        guard numbers.count == 3, let listening = listen(on: numbers[0]) else { exit(2) }
        var pair: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0 else { exit(1) }
        send(snapshot(provider: numbers[1]), to: pair[0])
        readReports(from: pair[0])
        let service = GatewayService(loops: Int(numbers[2]))
        do {
            try service.start(linkDescriptor: pair[1], listeners: [listening])
            try service.waitForEnd()
        } catch {
            exit(1)
        }
    }

    private static func listen(on port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return bound == 0 && Glibc.listen(descriptor, 1024) == 0 ? descriptor : nil
    }

    /// The daemon's part of reading them is not measured: the bytes are thrown away.
    private static func readReports(from descriptor: Int32) {
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { raw in
                let descriptor = Int32(truncatingIfNeeded: Int(bitPattern: raw))
                var bytes = [UInt8](repeating: 0, count: 1 << 16)
                while read(descriptor, &bytes, bytes.count) > 0 {}
                return nil
            },
            UnsafeMutableRawPointer(bitPattern: Int(descriptor))
        )
    }

    private static func send(_ snapshot: GatewaySnapshot, to descriptor: Int32) {
        guard let json = try? JSONEncoder().encode(GatewayCommand.snapshot(snapshot)) else { exit(1) }
        var frame = ByteBuffer()
        LinkFrames.write(json, to: &frame)
        let bytes = Array(frame.readableBytesView)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { exit(1) }
    }

    private static func snapshot(provider: UInt16) -> GatewaySnapshot {
        let place = Place(file: 0, line: 1, column: 1)
        let member = MemberDefinition(
            name: Located("one", at: place),
            weight: 1,
            tier: 1,
            hysteresis: Hysteresis(downAfter: 3, upAfter: 1),
            scopes: [.any]
        )
        let group = GroupDefinition(
            name: Located("chat", at: place),
            strategy: .weighted,
            members: [member],
            keepsLast: false
        )
        let digest = SHA256.digest(Array("sk-bench".utf8))
        let hash = digest.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
        return GatewaySnapshot(
            generation: 1,
            providers: [
                GatewayProvider(
                    name: "provider",
                    dialect: .openai,
                    isTLS: false,
                    host: "127.0.0.1",
                    port: provider,
                    pathPrefix: "/v1"
                )
            ],
            models: GroupTable([group], at: Instant(nanoseconds: 0)),
            deployments: [Deployment(provider: 0, model: "model")],
            network: GroupTable([], at: Instant(nanoseconds: 0)),
            paths: [],
            keys: [GatewayKey(name: "bench", sha256: hash)],
            policies: [],
            listeners: [GatewayListener(address: "127.0.0.1:0")],
            hashKey0: 1,
            hashKey1: 2
        )
    }
}
