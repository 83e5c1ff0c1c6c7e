/// More clients than there are descriptors for: who is in is served, who comes later waits and is served in turn, and an operator hears of it.
import Glibc
import Inference
import NIOCore
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct AcceptGateTests {
        @Test func whoComesBeyondTheLimitWaitsUntilSomebodyLeaves() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1, clients: 2)
            let (first, second) = (try TestClient(gateway.port), try TestClient(gateway.port))
            for client in [first, second] { #expect(client.chat(isStreamed: false)?.status == 200) }
            let third = try TestClient(gateway.port)
            third.socket.write(TestClient.request(body: TestClient.chat(isStreamed: false)))
            let listener = "listener 127.0.0.1:0"
            #expect(eventually { gateway.alarmed(.clientsWait) == listener })
            var look = pollfd(fd: third.socket.descriptor, events: Int16(POLLIN), revents: 0)
            #expect(poll(&look, 1, 300) == 0, "it is in nobody's hands yet")
            for client in [first, second] { #expect(client.chat(isStreamed: false)?.status == 200) }
            first.socket.hangUp()
            #expect(third.answer()?.status == 200)
            second.socket.hangUp()
            #expect(eventually { gateway.all.contains(.mended(.clientsWait, object: listener)) })
            third.socket.hangUp()
            try gateway.stop()
        }

        /// Nobody is taken any more, and who waits is not left to a gateway that ends.
        @Test func aGatewayThatEndsTakesNobodyFromTheQueue() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1, clients: 1)
            let first = try TestClient(gateway.port)
            #expect(first.chat(isStreamed: false)?.status == 200)
            let second = try TestClient(gateway.port)
            second.socket.write(TestClient.request(body: TestClient.chat(isStreamed: false)))
            #expect(eventually { gateway.alarmed(.clientsWait) != nil })
            gateway.send(.drain)
            try gateway.waitForEnd()
            #expect(provider.requests.count == 1)
            first.socket.hangUp()
            second.socket.hangUp()
        }

        @Test(arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
        func aDescriptorThatIsMissingHereIsNotTheProvidersFault(_ code: Int32) {
            let (kind, _) = UpstreamFault.classify(IOError(errnoCode: code, reason: "socket"))
            #expect(kind == .noRoom && kind.rule.standing == .untouched)
        }

        @Test func halfOfTheDescriptorsAreForClientsInEqualShares() {
            let (one, four) = (AcceptGate.limit(sockets: 1), AcceptGate.limit(sockets: 4))
            #expect(one > 0 && four == max(1, one / 4))
        }
    }
}
