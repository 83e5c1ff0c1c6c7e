/// Forms with files that are too large to be kept: sent on as they come, to one provider, and never past what the form says.
import Glibc
import Inference
import NIOHTTP2
import NetTypes
import Synchronization
import Testing

@testable import Gateway

/// A provider that is led by the test, byte by byte.
private final class LedProvider: Sendable {
    let port: UInt16
    private let listening: TestSocket
    private let state = Mutex((head: "", body: 0, sum: UInt64(0), isOver: false, connections: 0))

    /// Bytes that are read at once, and microseconds between.
    private let pace: (bytes: Int, pause: UInt32)

    /// - Parameters:
    ///   - answer: what is written once the whole body has come.
    ///   - isSlow: as behind a line that carries 1 MB a second and keeps next to nothing.
    init(answer: String, isSlow: Bool = false) throws {
        (listening, port) = try TestSocket.listening()
        pace = isSlow ? (48 << 10, 50_000) : (64 << 10, 0)
        if isSlow { listening.keepsLittle() }
        onThread { [listening, weak self] in
            while let connection = listening.accept() {
                guard let self else { return }
                self.state.withLock { $0.connections += 1 }
                self.serve(connection, answer)
            }
        }
    }

    deinit { shutdown(listening.descriptor, Int32(SHUT_RDWR)) }

    private func serve(_ connection: TestSocket, _ answer: String) {
        var bytes: [UInt8] = []
        while true {
            let text = String(decoding: bytes.prefix(2048), as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let head = String(text[..<end.upperBound])
                state.withLock { $0.head = head }
                take(Array(bytes[head.utf8.count...]))
                break
            }
            let more = connection.read()
            if more.isEmpty { return }
            bytes += more
        }
        while !isWhole {
            let more = connection.read(pace.bytes)
            if more.isEmpty { return state.withLock { $0.isOver = true } }
            take(more)
            usleep(pace.pause)
        }
        connection.write(answer)
        while !connection.read().isEmpty {}
    }

    /// The last bytes of the body are those of its end.
    private let end = Mutex([UInt8]())

    private func take(_ bytes: [UInt8]) {
        state.withLock { state in
            state.body += bytes.count
            state.sum = bytes.reduce(state.sum) { $0 &* 31 &+ UInt64($1) }
        }
        end.withLock { $0 = ($0 + bytes).suffix(16) }
    }

    private var isWhole: Bool {
        if let length = length { return body >= length }
        return end.withLock { $0.suffix(5).elementsEqual("0\r\n\r\n".utf8) }
    }

    var head: String { state.withLock { $0.head } }
    var length: Int? { head.header("content-length").flatMap { Int($0) } }
    var body: Int { state.withLock { $0.body } }
    var sum: UInt64 { state.withLock { $0.sum } }
    /// The gateway has left before the body was whole.
    var wasLeft: Bool { state.withLock { $0.isOver } }
    var connections: Int { state.withLock { $0.connections } }
}

extension OverSockets {
    @Suite struct UploadTests {
        private static let timeouts = ExchangeTimeouts(
            connect: .seconds(10),
            head: .seconds(20),
            firstToken: .seconds(20),
            betweenTokens: .seconds(20),
            answer: .seconds(20),
            total: .seconds(120)
        )
        private static let answer = Mock.answer(200, #"{"text":"hi","usage":{"type":"duration","seconds":2}}"#)

        private static func part(_ name: String, _ value: [UInt8], isFile: Bool = false) -> [UInt8] {
            let file = isFile ? "; filename=\"a.mp3\"" : ""
            return Array("--B\r\nContent-Disposition: form-data; name=\"\(name)\"\(file)\r\n\r\n".utf8) + value + [
                13, 10,
            ]
        }

        private static let model = part("model", Array("chat".utf8))
        private static let end = Array("--B--\r\n".utf8)

        private static func file(_ bytes: Int) -> [UInt8] {
            part(
                "file",
                [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
                    for place in 0..<bytes { buffer[place] = UInt8(truncatingIfNeeded: place &* 7) }
                    count = bytes
                },
                isFile: true
            )
        }

        private static func head(_ framing: String) -> String {
            "POST /v1/audio/transcriptions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer \(GatewayUnderTest.key)\r\n"
                + "content-type: multipart/form-data; boundary=B\r\n\(framing)\r\n\r\n"
        }

        private static func sum(_ bytes: [UInt8]) -> UInt64 { bytes.reduce(0) { $0 &* 31 &+ UInt64($1) } }

        @Test func aLargeFormIsSentOnBeforeAllOfItHasCome() throws {
            let provider = try LedProvider(answer: Self.answer)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts)
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + (2 << 20)) + Self.end
            let client = try TestClient(gateway.port)
            let first = GatewayLimits.uploadWindow + (1 << 20)
            client.socket.write(Self.head("content-length: \(form.count)"))
            #expect(client.socket.write(Array(form[..<first])))
            // More than the gateway keeps has come to the provider while the client has more to say.
            #expect(eventually { provider.body > GatewayLimits.uploadWindow }, "\(provider.body) bytes")
            #expect(client.socket.write(Array(form[first...])))
            let answer = try #require(client.answer())
            #expect(answer.status == 200 && answer.body.contains("hi"))
            let sent = Self.part("model", Array("model-0".utf8)) + Array(form[Self.model.count...])
            #expect(provider.length == sent.count && provider.sum == Self.sum(sent), "only the model's name differs")
            let record = try #require(gateway.record())
            #expect(record.outcome == .answered && record.cost?.units?.milliseconds == 2000)
            #expect(record.attempts.first?.bytesSent == UInt64(sent.count))
            // The connection serves on.
            client.socket.write(Self.head("content-length: 0"))
            #expect(client.answer()?.status == 400)
            try gateway.stop()
        }

        @Test func chunksGoOnAsChunks() throws {
            let provider = try LedProvider(answer: Self.answer)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts)
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + (1 << 20)) + Self.end
            let client = try TestClient(gateway.port)
            client.socket.write(Self.head("transfer-encoding: chunked"))
            for start in stride(from: 0, to: form.count, by: 100_000) {
                let piece = Array(form[start..<min(start + 100_000, form.count)])
                client.socket.write(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10])
            }
            client.socket.write("0\r\n\r\n")
            #expect(client.answer()?.status == 200)
            #expect(provider.head.header("transfer-encoding") == "chunked" && provider.length == nil)
            try gateway.stop()
        }

        @Test func aLargeFormFlowsToAProviderOverHTTP2() throws {
            let seen = Mutex<StreamAnswer?>(nil)
            let provider = try HTTP2Provider { peer, stream, _ in
                seen.withLock { $0 = peer.streams[stream] }
                peer.head(HTTP2Provider.head, stream: stream, isLast: false)
                peer.body(#"{"text":"hi"}"#, stream: stream, isLast: true)
            }
            let gateway = try HTTP2ProviderTests.gateway([provider.port], timeouts: Self.timeouts)
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + (1 << 20)) + Self.end
            let client = try TestClient(gateway.port)
            client.socket.write(Self.head("content-length: \(form.count)"))
            #expect(client.socket.write(form))
            #expect(client.answer()?.status == 200)
            let sent = Self.part("model", Array("model-0".utf8)) + Array(form[Self.model.count...])
            let asked = try #require(seen.withLock { $0 })
            #expect(asked["content-length"] == "\(sent.count)" && asked.isComplete && asked.body == sent)
            client.socket.hangUp()
            try gateway.stop()
        }

        private static func begin(_ stream: UInt32, bytes: Int?, of client: HTTP2Peer) {
            let length = bytes.map { [("content-length", "\($0)")] } ?? []
            let type = [("content-type", "multipart/form-data; boundary=B")]
            let head = HTTP2Peer.request("POST", "/v1/audio/transcriptions", more: type + length)
            client.head(head, stream: stream, isLast: false)
        }

        @Test(arguments: [true, false]) func aLargeFormFlowsFromAClientOverHTTP2(saysLength: Bool) throws {
            let provider = try LedProvider(answer: Self.answer)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts)
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + (2 << 20)) + Self.end
            let client = try HTTP2Peer(gateway.port)
            Self.begin(1, bytes: saysLength ? form.count : nil, of: client)
            let first = GatewayLimits.uploadWindow + (1 << 20)
            #expect(client.upload(Array(form[..<first]), stream: 1, isLast: false))
            #expect(eventually { provider.body > GatewayLimits.uploadWindow }, "\(provider.body) bytes")
            #expect(client.upload(Array(form[first...]), stream: 1, isLast: true))
            let answer = try #require(
                client.answer(1),
                "\(client.goAways) \(client.hasEnded) \(client.streams) \(provider.body) of \(form.count)"
            )
            #expect(answer.status == 200 && answer.text.contains("hi") && answer.reset == nil)
            let sent = Self.part("model", Array("model-0".utf8)) + Array(form[Self.model.count...])
            #expect(provider.length == (saysLength ? sent.count : nil))
            if saysLength { #expect(provider.sum == Self.sum(sent), "only the model's name differs") }
            #expect(gateway.record()?.attempts.first?.bytesSent == UInt64(sent.count))
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func whatBreaksALargeFormBreaksItsStreamAlone() throws {
            let provider = try LedProvider(answer: Self.answer)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts, loops: 1)
            let client = try HTTP2Peer(gateway.port)
            let other = Self.part("model", Array("dear".utf8))
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + (1 << 20)) + other + Self.end
            Self.begin(1, bytes: form.count, of: client)
            client.upload(form, stream: 1, isLast: true)
            let answer = try #require(client.answer(1))
            #expect(answer.status == 400 && answer.text.contains("invalid_form"))
            #expect(eventually { provider.wasLeft }, "half a request is left")
            client.get("/health/live", 3)
            #expect(client.answer(3)?.status == 200)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aClientThatResetsALargeFormLeavesNoHalfAtTheProvider() throws {
            let provider = try LedProvider(answer: Self.answer)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts, loops: 1)
            let client = try HTTP2Peer(gateway.port)
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + (1 << 20)) + Self.end
            Self.begin(1, bytes: form.count, of: client)
            client.upload(Array(form.dropLast(1000)), stream: 1, isLast: false)
            #expect(eventually { provider.body > GatewayLimits.uploadWindow })
            client.reset(1, UInt32(HTTP2ErrorCode.cancel.networkCode))
            #expect(eventually { provider.wasLeft })
            #expect(gateway.record()?.outcome == .clientGone)
            client.get("/health/live", 3)
            #expect(client.answer(3)?.status == 200)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func whatWasSentOnIsNotSentToAnother() throws {
            let first = try LedProvider(answer: Mock.answer(500, "{}"))
            let second = try LedProvider(answer: Self.answer)
            for (size, isSentTwice) in [(GatewayLimits.uploadWindow + (1 << 20), false), (1000, true)] {
                let gateway = try GatewayUnderTest(ports: [first.port, second.port], timeouts: Self.timeouts)
                let before = second.connections
                let form = Self.model + Self.file(size) + Self.end
                let client = try TestClient(gateway.port)
                client.socket.write(Self.head("content-length: \(form.count)"))
                client.socket.write(form)
                let answer = try #require(client.answer())
                #expect(answer.status == (isSentTwice ? 200 : 502), "\(size) bytes")
                #expect((second.connections > before) == isSentTwice)
                // The client may do what we cannot.
                #expect(answer.head.header("x-should-retry") == nil)
                try gateway.stop()
            }
        }

        @Test func aSecondModelBehindTheFileNeverBecomesAWholeRequest() throws {
            let provider = try LedProvider(answer: Self.answer)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts)
            let other = Self.part("model", Array("dear".utf8))
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + (1 << 20)) + other + Self.end
            let client = try TestClient(gateway.port)
            client.socket.write(Self.head("content-length: \(form.count)"))
            client.socket.write(form)
            let answer = try #require(client.answer())
            #expect(answer.status == 400 && answer.body.contains("invalid_form"))
            #expect(eventually { provider.wasLeft }, "half a request is left")
            #expect(gateway.record()?.cost == nil, "nobody pays for it")
            try gateway.stop()
        }

        /// By the stated length its provider would have all of it, and might take it for a form.
        @Test(arguments: [false, true]) func aFormWithoutAnEndNeverBecomesAWholeRequest(overHTTP2: Bool) throws {
            let provider = try LedProvider(answer: Self.answer)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts)
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + (1 << 20))
            let text: String
            if overHTTP2 {
                let client = try HTTP2Peer(gateway.port)
                Self.begin(1, bytes: form.count, of: client)
                client.upload(form, stream: 1, isLast: true)
                text = try #require(client.answer(1)).text
                client.socket.hangUp()
            } else {
                let client = try TestClient(gateway.port)
                client.socket.write(Self.head("content-length: \(form.count)"))
                client.socket.write(form)
                text = try #require(client.answer()).body
            }
            #expect(text.contains("invalid_form") && text.contains("no end"))
            #expect(eventually { provider.wasLeft }, "half a request is left")
            #expect(provider.length.map { provider.body < $0 } == true)
            #expect(gateway.record()?.cost == nil)
            try gateway.stop()
        }

        /// What its file holds is counted from its first byte, though its end is not at hand when the form is routed.
        @Test func allOfALargeFileIsHeard() throws {
            let provider = try LedProvider(answer: Mock.answer(200, "hi", type: "text/plain"))
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts)
            let size = GatewayLimits.uploadWindow + (1 << 20)
            let form = Self.model + Self.file(size) + Self.end
            let client = try TestClient(gateway.port)
            client.socket.write(Self.head("content-length: \(form.count)"))
            #expect(client.socket.write(form))
            #expect(client.answer()?.status == 200)
            let heard = try #require(gateway.record()?.cost?.units?.milliseconds)
            #expect((UInt64(size / 16)...UInt64(size / 16 + 100)).contains(heard), "\(heard) ms of \(size) bytes")
            try gateway.stop()
        }

        @Test func aModelBehindALargeFileIsRefusedInWordsAndTheConnectionServesOn() throws {
            let provider = try LedProvider(answer: Self.answer)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts)
            let client = try TestClient(gateway.port)
            for size in [GatewayLimits.uploadWindow + (1 << 20), 1000] {
                let form = Self.file(size) + Self.model + Self.end
                client.socket.write(Self.head("content-length: \(form.count)"))
                client.socket.write(form)
                let answer = try #require(client.answer())
                let isSmall = size == 1000
                #expect(answer.status == (isSmall ? 200 : 400) && (isSmall || answer.body.contains("before the file")))
            }
            try gateway.stop()
        }

        /// What it has said before may not have been wanted yet, and may be all that was missing.
        @Test(arguments: [(true, 20_000), (false, 60_000), (true, 200_000)])
        func aClientThatEndsItsSideBehindItsFormIsServed(saysLength: Bool, more: Int) throws {
            let provider = try LedProvider(answer: Self.answer)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts)
            let client = try TestClient(gateway.port)
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + more) + Self.end
            let first = GatewayLimits.uploadWindow - 10
            if saysLength {
                client.socket.write(Self.head("content-length: \(form.count)"))
            } else {
                client.socket.write(Self.head("transfer-encoding: chunked"))
                client.socket.write("\(String(form.count, radix: 16))\r\n")
            }
            client.socket.write(Array(form[..<first]))
            // The rest leaves in one piece with the end.
            client.socket.cork()
            client.socket.write(Array(form[first...]) + (saysLength ? [] : Array("\r\n0\r\n\r\n".utf8)))
            client.socket.endWriting()
            #expect(client.answer()?.status == 200, "\(provider.body) bytes came")
            try gateway.stop()
        }

        @Test func aClientThatEndsItsSideWithinItsFormHasGone() throws {
            let provider = try LedProvider(answer: Self.answer)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: Self.timeouts)
            let client = try TestClient(gateway.port)
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + 100_000) + Self.end
            client.socket.write(Self.head("content-length: \(form.count)"))
            client.socket.write(Array(form.dropLast(1000)))
            client.socket.endWriting()
            #expect(client.answer() == nil)
            #expect(eventually { provider.wasLeft }, "half a request is left")
            #expect(gateway.record()?.outcome == .clientGone)
            try gateway.stop()
        }

        /// What is at hand takes it longer than it may say nothing at all.
        @Test func aProviderBehindASlowLineIsNotBlamed() throws {
            let provider = try LedProvider(answer: Self.answer, isSlow: true)
            var timeouts = Self.timeouts
            timeouts.betweenTokens = .seconds(2)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: timeouts)
            let client = try TestClient(gateway.port)
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + 300_000) + Self.end
            client.socket.write(Self.head("content-length: \(form.count)"))
            client.socket.write(form)
            #expect(client.answer()?.status == 200, "\(provider.body) bytes of \(form.count)")
            try gateway.stop()
        }

        /// The client still writes when the answer is there: it reads it behind its last byte, and asks again.
        @Test func anAnswerBeforeTheEndOfTheFormDoesNotCutIt() throws {
            let gateway = try GatewayUnderTest(ports: [1], timeouts: Self.timeouts)
            let client = try TestClient(gateway.port)
            let form = Self.model + Self.file(GatewayLimits.uploadWindow + (8 << 20)) + Self.end
            for _ in 0..<2 {
                client.socket.write(Self.head("content-length: \(form.count)"))
                #expect(client.socket.write(form), "all of it is taken")
                #expect(client.answer()?.status == 502)
            }
            try gateway.stop()
        }
    }
}
