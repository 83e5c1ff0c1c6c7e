/// Does a socket end with the wait for it, where nobody answers?
import Foundation
import Glibc
import Inference
import NetTypes
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct DialTests {
        /// A port whose queue is full: the kernel drops what comes, and whoever connects asks again and again.
        private final class DeafPort {
            let port: UInt16
            private var descriptors: [Int32] = []

            init() throws {
                let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                descriptors.append(listener)
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
                var size = socklen_t(MemoryLayout<sockaddr_in>.size)
                let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(listener, $0, size) == 0 && listen(listener, 0) == 0
                            && getsockname(listener, $0, &size) == 0
                    }
                }
                guard isOpen else { throw SocketError(what: "deaf port") }
                port = UInt16(bigEndian: address.sin_port)
                for _ in 0..<4 {
                    let caller = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                    descriptors.append(caller)
                    withUnsafePointer(to: &address) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(caller, $0, size) }
                    }
                }
            }

            deinit { for descriptor in descriptors { close(descriptor) } }

            /// Sockets that wait for an answer of it: lines of proc_net_tcp(5) in state 02. Two or three are our own.
            var waiting: Int {
                let end = "0100007F:" + String(format: "%04X", port)
                let table = (try? String(contentsOfFile: "/proc/self/net/tcp", encoding: .utf8)) ?? ""
                return table.split(separator: "\n").count { line in
                    let fields = line.split(separator: " ")
                    return fields.count > 3 && fields[2] == end && fields[3] == "02"
                }
            }
        }

        @Test func aProbeWithoutAnAnswerLeavesNoSocket() throws {
            let deaf = try DeafPort()
            let before = deaf.waiting
            let gateway = try GatewayUnderTest(ports: [deaf.port], loops: 1) {
                let (every, timeout) = (Span.milliseconds(100), Span.milliseconds(80))
                $0.providers[0].probe = ProviderProbe(kind: .tcp, every: every, timeout: timeout, downAfter: 1)
            }
            let rounds = { gateway.all.count { if case .probed = $0 { true } else { false } } }
            #expect(eventually(within: 30) { rounds() > 12 })
            #expect(
                eventually { deaf.waiting <= before + 1 },
                "\(deaf.waiting) after \(rounds()) rounds, \(before) before"
            )
            try gateway.stop()
        }

        @Test func aRequestThatStoppedWaitingLeavesNone() throws {
            let deaf = try DeafPort()
            let before = deaf.waiting
            let gateway = try GatewayUnderTest(ports: [deaf.port], loops: 1)
            let client = try TestClient(gateway.port)
            for _ in 0..<3 { #expect((client.chat(isStreamed: false)?.status ?? 0) >= 500) }
            #expect(gateway.record(2)?.attempts.first?.failure == .connectTimeout)
            #expect(eventually { deaf.waiting == before }, "\(deaf.waiting), and \(before) before")
            client.socket.hangUp()
            try gateway.stop()
        }
    }
}
