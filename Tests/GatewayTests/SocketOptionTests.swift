/// Do small pieces leave at once, behind little, and with no privilege asked for? Read from the kernel, on the sockets of both legs.
import Glibc
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct SocketOptionTests {
        /// Without TCP_NODELAY a token can wait 40 ms for an acknowledgement. The option's number, 1, is SO_DEBUG at the level of
        /// sockets, which only root may set: whoever takes the wrong level serves nobody as an unprivileged user.
        @Test func bothLegsSendAtOnceAndNeitherIsDebugged() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port])
            let client = try TestClient(gateway.port)
            #expect(client.chat(isStreamed: false)?.status == 200)
            let near = try #require(Self.socket(whosePeerIs: Self.port(client.socket.descriptor, getsockname)))
            let far = try #require(Self.socket(whosePeerIs: provider.port))
            for leg in [near, far] {
                #expect(Self.option(TCP_NODELAY, of: leg, level: Int32(IPPROTO_TCP)) != 0)
                #expect(Self.option(SO_DEBUG, of: leg, level: SOL_SOCKET) == 0)
            }
            let unsent = Self.option(TCP_NOTSENT_LOWAT, of: near, level: Int32(IPPROTO_TCP))
            #expect(Int(unsent) == GatewayLimits.unsentBytes, "what a slow client has read is not seen late")
            client.socket.hangUp()
            try gateway.stop()
        }

        private typealias Name = (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32

        /// The gateway runs in this process: its sockets are among our descriptors.
        private static func socket(whosePeerIs wanted: UInt16) -> Int32? {
            (0..<1024).first { port($0, getpeername) == wanted }
        }

        /// 0 for what is no connected IPv4 socket.
        private static func port(_ descriptor: Int32, _ name: Name) -> UInt16 {
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &size) }
            }
            return status == 0 && address.sin_family == sa_family_t(AF_INET) ? address.sin_port.bigEndian : 0
        }

        private static func option(_ name: Int32, of descriptor: Int32, level: Int32) -> Int32 {
            var value: Int32 = -1
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, level, name, &value, &size)
            return value
        }
    }
}
