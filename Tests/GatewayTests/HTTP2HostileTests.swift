/// What may the other side of a connection of HTTP/2 do to us, and to those who share it? What costs nothing is borne, what breaks the rules is
/// called so, and one stream's fault is its own.
import Glibc
import Inference
import NIOHTTP2
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct HTTP2HostileTests {
        /// Some flush whenever they have nothing to say, and measure the way by PING meanwhile; that is no flood.
        @Test func aProviderMaySayNothingManyTimes() throws {
            let provider = try HTTP2Provider { peer, stream, _ in
                peer.head(HTTP2Provider.streamHead, stream: stream, isLast: false)
                for _ in 0..<300 {
                    peer.body(HTTP2Provider.word, stream: stream, isLast: false)
                    peer.body("", stream: stream, isLast: false)
                    peer.send(RawFrame.Kind.ping, payload: Array(repeating: 0, count: 8))
                }
                peer.body(HTTP2Provider.end, stream: stream, isLast: true)
            }
            let gateway = try HTTP2ProviderTests.gateway([provider.port])
            let client = try TestClient(gateway.port)
            let answer = try #require(client.chat(isStreamed: true))
            #expect(answer.isComplete && answer.body.hasSuffix("data: [DONE]\n\n"), "\(answer.body.suffix(200))")
            #expect(gateway.record()?.attempts.map(\.failure) == [nil])
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aClientMaySendABodyInPiecesOfWhichSomeAreEmpty() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try HTTP2Peer(gateway.port)
            client.head(HTTP2Peer.request(), stream: 1, isLast: false)
            for byte in TestClient.chat(isStreamed: false) {
                client.body(String(byte), stream: 1, isLast: false)
                client.body("", stream: 1, isLast: false)
            }
            client.body("", stream: 1, isLast: true)
            #expect(client.answer(1)?.status == 200 && client.goAways.isEmpty)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test(arguments: ["a head without end", "CONTINUATION", "PUSH_PROMISE", "HTTP/1.1"])
        func aProviderThatBreaksTheRulesOfItsConnectionIsNotTakenForOneThatWasCutOff(_ how: String) throws {
            let first = try HTTP2Provider { peer, stream, _ in
                let head = HTTP2Peer.block(HTTP2Provider.head)
                switch how {
                case "a head without end":
                    let endless = (0..<8).map { ("x-\($0)", String(repeating: "y", count: 9000)) }
                    peer.head(HTTP2Provider.head + endless, stream: stream, isLast: false)
                case "CONTINUATION":
                    peer.send(RawFrame.Kind.headers, stream: stream, payload: head)
                    for _ in 0..<20 { peer.send(RawFrame.Kind.continuation, stream: stream) }
                case "PUSH_PROMISE":
                    let payload = RawFrame.word(2) + HTTP2Peer.block(HTTP2Peer.request("GET", "/"))
                    peer.send(RawFrame.Kind.pushPromise, flags: RawFrame.endHeaders, stream: stream, payload: payload)
                default: peer.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                }
            }
            let second = try HTTP2Provider { peer, stream, _ in HTTP2Provider.answer(peer, stream) }
            let gateway = try HTTP2ProviderTests.gateway([first.port, second.port])
            let client = try TestClient(gateway.port)
            #expect(client.chat(isStreamed: false)?.body == Mock.plainBody)
            let attempts = try #require(gateway.record()?.attempts)
            #expect(attempts.map(\.failure) == [.malformed, nil])
            #expect(attempts.first?.detail?.contains("HTTP/2") == true, "\(attempts.first?.detail ?? "-")")
            #expect(first.connections == 1, "what breaks the rules once is not asked to do so again")
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aFrameThatItsStreamHasNoPlaceForSpoilsThatStreamAlone() throws {
            let provider = try HTTP2Provider { peer, stream, _ in
                guard stream > 1 else {
                    peer.head(HTTP2Provider.streamHead, stream: stream, isLast: false)
                    return peer.body(HTTP2Provider.word, stream: stream, isLast: false)
                }
                // No head has come of it.
                peer.body("{}", stream: stream, isLast: true)
                peer.body(HTTP2Provider.end, stream: 1, isLast: true)
            }
            let second = try HTTP2Provider { peer, stream, _ in HTTP2Provider.answer(peer, stream) }
            let gateway = try HTTP2ProviderTests.gateway([provider.port, second.port])
            let (first, other) = (try TestClient(gateway.port), try TestClient(gateway.port))
            first.socket.write(TestClient.request(body: TestClient.chat(isStreamed: true)))
            #expect(first.line(through: "one") != nil)
            #expect(other.chat(isStreamed: false)?.body == Mock.plainBody)
            #expect(first.line(through: "[DONE]") != nil)
            #expect(provider.connections == 1)
            first.socket.hangUp()
            other.socket.hangUp()
            try gateway.stop()
        }

        @Test func aFrameBehindTheEndOfARequestSpoilsThatStreamAlone() throws {
            let silent = try MockProvider(Mock.hang)
            let gateway = try GatewayUnderTest(ports: [silent.port], timeouts: ExchangeTimeouts(), loops: 1)
            let client = try HTTP2Peer(gateway.port)
            client.chat(1, isStreamed: true)
            client.chat(3, isStreamed: true)
            #expect(eventually { silent.requests.count == 2 })
            client.body("more", stream: 1, isLast: true)
            #expect(client.answer(1)?.reset == UInt32(HTTP2ErrorCode.streamClosed.networkCode))
            #expect(gateway.record()?.outcome == .clientGone)
            client.get("/health/live", 5)
            #expect(client.answer(5)?.status == 200 && gateway.records.count == 1, "the other stream waits on")
            client.socket.hangUp()
            try gateway.stop()
        }

        /// What a client allows is not what it gets: the table would grow by every field that differs, for as long as the connection stands.
        @Test(arguments: [4096, 1 << 30])
        func theTableOfFieldsIsKeptForNobodyWhoWantsItWithoutBound(_ size: Int) throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try HTTP2Peer(gateway.port, settings: RawFrame.setting(1, UInt32(size)))
            var heads: [Int] = []
            for stream in [1, 3, 5] as [UInt32] {
                client.get("/v1/models", stream)
                let answer = try #require(client.answer(stream))
                #expect(answer.status == 200 && answer["content-type"] == "application/json")
                heads.append(answer.headBytes)
            }
            // The first says how large the table is. The date may have changed by one of the others, but not by both.
            let isKept = min(heads[1], heads[2]) < heads[0] - 20
            #expect(isKept == (size == 4096), "\(heads)")
            client.socket.hangUp()
            try gateway.stop()
        }
    }
}
