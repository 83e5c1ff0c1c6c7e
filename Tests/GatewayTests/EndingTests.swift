/// How the gateway ends: running answers first, no descriptor left behind.
import Glibc
import Inference
import Testing

@testable import Gateway

/// What this process has open.
enum Descriptors {
    static func count() -> Int { all().count }

    /// The marks of connected sockets whose peer has this port.
    static func marks(ofPeerPort port: UInt16) -> [UInt32] {
        all().compactMap { descriptor in
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
            }
            guard status == 0, address.sin_port.bigEndian == port else { return nil }
            var mark: UInt32 = 0
            var length = socklen_t(4)
            return getsockopt(descriptor, SOL_SOCKET, SO_MARK, &mark, &length) == 0 ? mark : nil
        }
    }

    private static func all() -> [Int32] { (0..<1024).filter { fcntl($0, F_GETFD) >= 0 } }
}

extension OverSockets {
    @Suite struct EndingTests {
        private func slowStream() throws -> MockProvider {
            try MockProvider { connection in
                connection.write(Mock.streamHead + Mock.word("one"))
                usleep(500_000)
                return connection.write(Mock.word("two") + Mock.stop + Mock.end) ? .keep : .close
            }
        }

        @Test(arguments: [true, false])
        func aRunningStreamEndsBeforeTheGatewayDoes(_ byCommand: Bool) throws {
            let provider = try slowStream()
            let gateway = try GatewayUnderTest(ports: [provider.port])
            let idle = try TestClient(gateway.port)
            #expect(idle.ask(TestClient.request("GET", "/health/live"))?.status == 200)
            let client = try TestClient(gateway.port)
            client.socket.write(TestClient.request(body: TestClient.chat(isStreamed: true)))
            #expect(client.line(through: "one") != nil)
            if byCommand { gateway.send(.drain) } else { gateway.closeLink() }
            #expect(idle.socket.read().isEmpty, "an idle client is let go soon")
            #expect(client.line(through: "[DONE]") != nil)
            try gateway.waitForEnd()
        }

        @Test func nothingStaysOpenAfterTheEnd() throws {
            let provider = try MockProvider(Mock.plain)
            func once() throws {
                let gateway = try GatewayUnderTest(ports: [provider.port])
                for _ in 0..<4 { #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 200) }
                try gateway.stop()
            }
            try once()
            #expect(eventually { provider.closedByPeer == provider.connections })
            let before = Descriptors.count()
            for _ in 0..<5 { try once() }
            #expect(eventually { Descriptors.count() <= before }, "\(before) before, \(Descriptors.count()) after")
        }
    }
}
