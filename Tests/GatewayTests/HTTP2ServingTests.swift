/// Clients that speak HTTP/2 are served as those of HTTP/1.1 are: over TLS by agreement, over plain text by its preface; one stream's trouble is
/// no other's.
import Glibc
import Inference
import NIOCore
import NIOSSL
import Synchronization
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct HTTP2ServingTests {
        private enum Code {
            static let noError: UInt32 = 0, protocolError: UInt32 = 1, cancel: UInt32 = 8, calm: UInt32 = 11
        }

        @Test func requestsAndStreamsShareAConnectionInTLS() throws {
            let provider = try MockProvider(Mock.stream)
            let file = try TestFile(of: .server)
            let gateway = try GatewayUnderTest(ports: [provider.port]) {
                let tls = GatewayIdentity(certificate: .file(file.path), key: .file(file.path))
                $0.listeners = [GatewayListener(address: "127.0.0.1:8443", tls: tls)]
            }
            let context = try Certificate.trusting(["h2", "http/1.1"])
            let relay = try TLSRelay(.client(context, name: "localhost"), to: gateway.port)
            let client = try HTTP2Peer(relay.port)
            client.get("/v1/models", 1)
            for stream in [3, 5, 7] as [UInt32] { client.chat(stream, isStreamed: true) }
            for stream in [3, 5, 7] as [UInt32] {
                let answer = try #require(client.answer(stream))
                #expect(answer.status == 200 && answer["content-type"] == "text/event-stream")
                #expect(answer.isComplete && answer.text.contains("two") && answer.text.hasSuffix("data: [DONE]\n\n"))
                #expect(answer["x-martlet-decision"] != nil && answer["connection"] == nil)
            }
            let models = try #require(client.answer(1))
            #expect(models.status == 200 && models.text.contains(#""id":"chat""#))
            #expect(models["content-length"] == "\(models.body.count)" && models["date"] != nil)
            #expect(relay.protocols == ["h2"] && client.settings[3] == 128, "\(client.settings)")
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aPlainListenerKnowsItByItsPrefaceHoweverItIsCut() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let socket = try TestSocket.connected(to: gateway.port)
            for byte in HTTP2Peer.preface.dropLast() {
                socket.write([byte])
                usleep(500)
            }
            socket.write([HTTP2Peer.preface[23]])
            // What an HTTP/1.1 client would get for this is an error in words.
            #expect(eventually { socket.read(9).dropFirst(3).first == RawFrame.Kind.settings })
            let client = try HTTP2Peer(gateway.port)
            client.chat(1, isStreamed: false)
            let answer = try #require(client.answer(1))
            #expect(answer.status == 200 && answer.text == Mock.plainBody)
            #expect(provider.requests.count == 1)
            let old = try TestClient(gateway.port)
            #expect(old.chat(isStreamed: false)?.status == 200, "and HTTP/1.1 as before")
            client.socket.hangUp()
            old.socket.hangUp()
            socket.hangUp()
            try gateway.stop()
        }

        private static let offences: [([(String, String)], Int, String)] = [
            ([("X-Upper", "a")], 400, "a name in upper case"),
            ([("connection", "close")], 400, "a field of a connection"),
            ([("transfer-encoding", "chunked")], 400, "a framing of HTTP/1.1"),
            ([("te", "gzip")], 400, "another coding"),
            ([("host", "other")], 400, "another host"), ([(":path", "/health/live")], 400, "a path twice"),
            ([("x", "a"), (":method", "GET")], 400, "behind the others"),
            ([("x", "a\r\nb: c")], 400, "two lines in one"),
            ([("expect", "magic")], 417, "another expectation"),
            ([("x", String(repeating: "y", count: 20_000))], 431, "a long field"),
            ((0..<101).map { ("x-\($0)", "y") }, 431, "a flood of fields"),
        ]

        @Test func whatBreaksTheRulesIsToldAndTheOtherStreamsAreServed() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try HTTP2Peer(gateway.port)
            // Until a client has heard of our limits, HPACK's are those of the library.
            client.wait { !$0.settings.isEmpty }
            for (place, (more, status, why)) in Self.offences.enumerated() {
                let stream = UInt32(4 * place + 1)
                client.head(HTTP2Peer.request(more: more), stream: stream, isLast: false)
                client.get("/health/live", stream + 2)
                #expect(client.answer(stream + 2)?.status == 200, "\(why)")
                let answer = client.answer(stream)
                #expect(answer?.status == status && answer?.isComplete == true, "\(why)")
                #expect(answer?.text.contains(#""code":"bad_request""#) == true, "\(why)")
                #expect(client.wait { $0.streams[stream]?.reset == Code.protocolError }, "the rest is not wanted")
            }
            #expect(client.goAways.isEmpty && provider.requests.isEmpty)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aLengthThatTheFramesDoNotKeepSpoilsItsStreamAlone() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try HTTP2Peer(gateway.port)
            for (stream, length) in [(1, "3"), (3, "900"), (5, "abc")] as [(UInt32, String)] {
                client.head(HTTP2Peer.request(more: [("content-length", length)]), stream: stream, isLast: false)
                client.body(TestClient.chat(isStreamed: false), stream: stream, isLast: true)
                #expect(client.answer(stream)?.reset == Code.protocolError)
            }
            client.chat(9, isStreamed: false)
            #expect(client.answer(9)?.status == 200)
            #expect(provider.requests.count == 1)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func theHeadIsHeldAgainstTheSameLimitsAndTheKeyIsAsked() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try HTTP2Peer(gateway.port)
            let stranger = HTTP2Peer.request().filter { $0.0 != "authorization" }
            client.head(stranger, stream: 1, isLast: false)
            client.body("{}", stream: 1, isLast: true)
            #expect(client.answer(1)?.status == 401)
            let large = HTTP2Peer.request(more: [("content-length", "\(GatewayLimits.requestBytes + 1)")])
            client.head(large, stream: 3, isLast: false)
            let answer = try #require(client.answer(3))
            #expect(answer.status == 413 && answer.text.contains("request_too_large"))
            #expect(client.wait { $0.streams[3]?.reset == Code.noError })
            client.head(HTTP2Peer.request("HEAD", "/nowhere"), stream: 5, isLast: true)
            let head = try #require(client.answer(5))
            #expect(head.status == 404 && head.body.isEmpty && head.isComplete)
            client.head(HTTP2Peer.request(more: [("expect", "100-continue")]), stream: 7, isLast: false)
            #expect(client.wait { $0.streams[7]?.status == 100 })
            client.body(TestClient.chat(isStreamed: false), stream: 7, isLast: true)
            #expect(client.answer(7)?.status == 200)
            // Beyond HPACK's own bound there is no stream that could be told.
            let endless = (0..<8).map { ("x-\($0)", String(repeating: "y", count: 9000)) }
            client.head(HTTP2Peer.request(more: endless), stream: 9, isLast: true)
            #expect(client.wait { !$0.goAways.isEmpty })
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aStreamThatIsResetCancelsItsProviderAndNoOther() throws {
            let silent = try MockProvider(Mock.hang)
            let gateway = try GatewayUnderTest(ports: [silent.port], timeouts: ExchangeTimeouts(), loops: 1)
            let client = try HTTP2Peer(gateway.port)
            client.chat(1, isStreamed: true)
            client.chat(3, isStreamed: true)
            #expect(eventually { silent.requests.count == 2 })
            client.reset(1, Code.cancel)
            #expect(gateway.record()?.outcome == .clientGone)
            client.get("/health/live", 5)
            #expect(client.answer(5)?.status == 200)
            #expect(gateway.records.count == 1, "the other stream waits on")
            client.reset(3, Code.cancel)
            #expect(gateway.record(1)?.outcome == .clientGone)
            client.socket.hangUp()
            try gateway.stop()
        }

        /// The provider is held back by the client's window, and the connection's other streams are not.
        @Test func aStreamThatNobodyReadsStopsItsProviderAndNoOtherStream() throws {
            let written = Mutex(0)
            let text = String(repeating: "x", count: 8000)
            let flood = try MockProvider { connection in
                connection.write(Mock.streamHead)
                while connection.write(Mock.word(text)) { written.withLock { $0 += text.utf8.count } }
                return .close
            }
            let gateway = try GatewayUnderTest(ports: [flood.port], timeouts: ExchangeTimeouts(), loops: 1)
            let client = try HTTP2Peer(gateway.port)
            client.starved = [1]
            client.chat(1, isStreamed: true)
            #expect(client.wait { ($0.streams[1]?.body.count ?? 0) >= 65_535 }, "the window that everybody has")
            var last = -1
            let isHeldBack = eventually(within: 20) {
                let now = written.withLock { $0 }
                defer { last = now }
                usleep(300_000)
                return now == last
            }
            #expect(isHeldBack, "\(last)")
            for stream in stride(from: 3, to: 23, by: 2) {
                client.get("/v1/models", UInt32(stream))
                #expect(client.answer(UInt32(stream))?.status == 200)
            }
            #expect(client.streams[1]?.body.count == 65_535)
            client.grant(100_000, stream: 1)
            #expect(client.wait { ($0.streams[1]?.body.count ?? 0) == 165_535 }, "and goes on where it stopped")
            client.reset(1, Code.cancel)
            #expect(gateway.record()?.outcome == .clientGone)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test(arguments: ["PING", "SETTINGS", "RST_STREAM", "empty DATA"])
        func floodsEndTheConnection(_ kind: String) throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try HTTP2Peer(gateway.port)
            if kind == "empty DATA" { client.head(HTTP2Peer.request(), stream: 1, isLast: false) }
            for count in 0..<(kind == "RST_STREAM" ? 1100 : 300) {
                switch kind {
                case "PING": client.send(RawFrame.Kind.ping, payload: Array(repeating: 0, count: 8))
                case "SETTINGS": client.send(RawFrame.Kind.settings)
                case "RST_STREAM":
                    client.head(HTTP2Peer.request(), stream: UInt32(2 * count + 1), isLast: false)
                    client.reset(UInt32(2 * count + 1), Code.cancel)
                default: client.body("", stream: 1, isLast: false)
                }
            }
            #expect(client.wait { $0.goAways.last?.code == Code.calm || $0.hasEnded })
            client.wait { _ in false }
            #expect(client.hasEnded && client.goAways.last?.code == Code.calm, "\(client.goAways)")
            let other = try HTTP2Peer(gateway.port)
            other.get("/health/live", 1)
            #expect(other.answer(1)?.status == 200)
            client.socket.hangUp()
            other.socket.hangUp()
            try gateway.stop()
        }

        @Test func theGatewayEndsWithoutCuttingAStreamAndTakesWhatWasOnItsWay() throws {
            let provider = try MockProvider { connection in
                connection.write(Mock.streamHead + Mock.word("one"))
                usleep(2_600_000)
                return connection.write(Mock.word("two") + Mock.stop + Mock.end) ? .keep : .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: ExchangeTimeouts())
            let client = try HTTP2Peer(gateway.port)
            let idle = try HTTP2Peer(gateway.port)
            client.chat(1, isStreamed: true)
            #expect(client.wait { $0.streams[1]?.text.contains("one") == true })
            gateway.send(.drain)
            #expect(client.wait { $0.goAways.count == 1 } && client.goAways[0] == (UInt32.max >> 1, 0))
            client.get("/health/live", 3)
            #expect(client.answer(3)?.status == 200, "it may have been sent before the GOAWAY came")
            let answer = try #require(client.answer(1))
            #expect(answer.isComplete && answer.text.hasSuffix("data: [DONE]\n\n"))
            client.wait { _ in false }
            #expect(client.hasEnded && client.goAways.count == 2 && client.goAways[1] == (3, 0), "\(client.goAways)")
            idle.wait { _ in false }
            #expect(idle.hasEnded && idle.goAways.map(\.last) == [UInt32.max >> 1, 0], "an idle client is let go")
            try gateway.waitForEnd()
        }

        @Test func streamsThatNeverComeToAnEndAreEndedWithTheirConnection() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            do {
                let client = try HTTP2Peer(gateway.port)
                client.head(HTTP2Peer.request(), stream: 1, isLast: false)
                client.chat(3, isStreamed: false)
                #expect(client.answer(3)?.status == 200)
            }
            // The client has gone: nothing is left that the end would wait for.
            try gateway.stop()
        }
    }
}
