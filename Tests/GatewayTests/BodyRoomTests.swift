/// More long bodies than there is memory for: requests are refused before they cost anything, answers that nobody reads are cut, who is served is
/// not disturbed, and an operator hears of it.
import Foundation
import Inference
import Synchronization
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct BodyRoomTests {
        private static let object = "memory"
        private static let long = String(repeating: "long ", count: 80_000)

        /// - Parameter room: in bytes.
        private static func gateway(
            _ provider: MockProvider,
            room: Int,
            loops: Int = 1
        ) throws -> GatewayUnderTest {
            try GatewayUnderTest(
                ports: [provider.port],
                timeouts: ExchangeTimeouts(),
                loops: loops,
                roomBytes: room,
                sending: 32 << 10
            )
        }

        /// A provider's answer of so many bytes and a little more.
        private static func answer(_ bytes: Int) -> String {
            let text = String(repeating: "long ", count: bytes / 5)
            return
                #"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
        }

        private static func provider(_ answer: String) throws -> MockProvider {
            try MockProvider { $0.write(Mock.answer(200, answer)) ? .keep : .close }
        }

        /// A client whose answers have all come when it allows them to be sent, and that reads nothing of what is sent then.
        private static func greedy(of gateway: GatewayUnderTest, _ streams: [UInt32]) throws -> HTTP2Peer {
            let socket = try TestSocket.connected(to: gateway.port, receiving: 4096)
            let client = HTTP2Peer(client: socket, settings: RawFrame.setting(4, 0))
            client.grants = false
            for (number, stream) in streams.enumerated() {
                client.chat(stream, isStreamed: false)
                #expect(eventually { gateway.records.count == number + 1 })
            }
            for stream in [0] + streams { client.grant(1 << 24, stream: stream) }
            // More than heads.
            #expect(eventually { socket.waitingBytes > 2000 })
            return client
        }

        @Test func aLongRequestThatFindsNoRoomIsRefusedUntilThereIsSome() throws {
            let provider = try MockProvider(Mock.plain)
            // Three fifths of it are for requests.
            let gateway = try Self.gateway(provider, room: 3 << 19)
            let body = #"{"model":"chat","messages":[{"role":"user","content":"\#(Self.long)"}]}"#
            let request = TestClient.request(body: body)
            let slow = try (0..<2).map { _ in try TestClient(gateway.port) }
            for client in slow { client.socket.write(String(request.dropLast(2))) }
            let third = try TestClient(gateway.port)
            #expect(eventually { third.ask(request)?.status == 503 })
            let refused = try #require(third.ask(request))
            #expect(refused.status == 503 && refused.body.contains("memory_short"), "\(refused.body)")
            #expect(refused.head.header("retry-after") == "1")
            #expect(third.chat(isStreamed: false)?.status == 200, "short ones need no room")
            #expect(eventually { gateway.alarmed(.memoryShort) == Self.object })
            slow[0].socket.hangUp()
            #expect(eventually { third.ask(request)?.status == 200 })
            slow[1].socket.write("]}")
            #expect(slow[1].answer()?.status == 200, "who had room keeps it")
            #expect(eventually { gateway.all.contains(.mended(.memoryShort, object: Self.object)) })
            for client in [slow[1], third] { client.socket.hangUp() }
            try gateway.stop()
        }

        @Test func theAnswerThatWaitsLongestForItsReaderIsCutWhenThereIsNoRoomForAnother() throws {
            let answer = Self.answer(400_000)
            let provider = try Self.provider(answer)
            // Who waits is cut wherever he is.
            let gateway = try Self.gateway(provider, room: 1 << 20, loops: 2)
            // None of them ever grants a byte of a body.
            let clients = try (0..<3).map { _ in try HTTP2Peer(gateway.port, settings: RawFrame.setting(4, 0)) }
            for (number, client) in clients.enumerated() {
                client.chat(1, isStreamed: false)
                #expect(client.wait { $0.streams[1]?.status == 200 })
                #expect(eventually { gateway.records.count == number + 1 })
            }
            #expect(clients[0].answer(1)?.reset != nil)
            #expect(eventually { gateway.alarmed(.memoryShort) == Self.object })
            clients[1].grants = true
            clients[1].grant(1 << 20, stream: 1)
            #expect(clients[1].answer(1)?.text == answer, "what came later waits on")
            clients[2].socket.hangUp()
            #expect(eventually { gateway.all.contains(.mended(.memoryShort, object: Self.object)) })
            for client in clients.dropLast() { client.socket.hangUp() }
            try gateway.stop()
        }

        /// What ends its streams would wait behind what it does not read, and hold all of it.
        @Test func aClientThatReadsNothingAtAllLosesItsConnectionWhenTheRoomIsNeeded() throws {
            let answer = Self.answer(900_000)
            let provider = try Self.provider(answer)
            let gateway = try Self.gateway(provider, room: 2 << 20)
            let hostile = try Self.greedy(of: gateway, [1, 3])
            let honest = try TestClient(gateway.port)
            #expect(honest.chat(isStreamed: false)?.body == answer)
            #expect(honest.chat(isStreamed: false)?.body == answer, "nobody else is cut for the same bytes")
            // Nothing was read until here.
            #expect(eventually { gateway.all.contains(.mended(.memoryShort, object: Self.object)) })
            let whole = ([1, 3] as [UInt32]).filter { hostile.answer($0)?.isComplete == true }
            #expect(whole.isEmpty && hostile.hasEnded)
            for client in [hostile.socket, honest.socket] { client.hangUp() }
            try gateway.stop()
        }

        /// Less of its answers is cut for another's than there is time for.
        @Test(arguments: [true, false]) func whoReadsOnLosesTheStreamThatWasCutAndWhoDoesNotAll(readsOn: Bool) throws {
            let answer = Self.answer(900_000)
            let provider = try Self.provider(answer)
            // Four are fewer than answers may take, and more than three quarters of all.
            let gateway = try Self.gateway(provider, room: 4_650_000)
            let streams = [1, 3, 5, 7] as [UInt32]
            let client = try Self.greedy(of: gateway, streams)
            let other = try TestClient(gateway.port)
            #expect(other.chat(isStreamed: false)?.body == answer)
            #expect(eventually { gateway.alarmed(.memoryShort) == Self.object })
            let mended = GatewayReport.mended(.memoryShort, object: Self.object)
            if !readsOn { #expect(eventually(within: 60) { gateway.all.contains(mended) }) }
            let answers = streams.compactMap { client.answer($0) }
            #expect(answers.filter { $0.text == answer }.count == (readsOn ? 3 : 0))
            #expect((answers.first?.reset != nil) == readsOn && client.hasEnded != readsOn)
            #expect(eventually { gateway.all.contains(mended) })
            for client in [client.socket, other.socket] { client.hangUp() }
            try gateway.stop()
        }

        @Test func aLongRequestTakesNoRoomOnceItsAnswerHasBegun() throws {
            let provider = try MockProvider { connection in
                connection.write(Mock.streamHead + Mock.word("one"))
                while !connection.read().isEmpty {}
                return .close
            }
            let gateway = try Self.gateway(provider, room: 3 << 19)
            let body = #"{"model":"chat","stream":true,"messages":[{"role":"user","content":"\#(Self.long)"}]}"#
            // Two of them would be all there is room for.
            let clients = try (0..<4).map { _ in try TestClient(gateway.port) }
            for client in clients {
                client.socket.write(TestClient.request(body: body))
                #expect(client.line(through: "one") != nil)
            }
            #expect(gateway.alarmed(.memoryShort) == nil)
            for client in clients { client.socket.hangUp() }
            #expect(eventually { gateway.records.count == 4 })
            try gateway.stop()
        }

        /// Whoever asks for these has no key to be counted by.
        @Test func aBodyThatNobodyWantsTakesNoRoom() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try Self.gateway(provider, room: 1 << 20)
            let client = try TestClient(gateway.port)
            let request = TestClient.request("GET", "/health/live", key: nil, body: Self.long + Self.long + Self.long)
            #expect(client.ask(request)?.status == 200)
            #expect(gateway.alarmed(.memoryShort) == nil)
            client.socket.hangUp()
            try gateway.stop()
        }
    }
}

/// The rules by themselves. Of 1000 bytes requests have 600, and a key half of that where no single request may be as long.
@Suite struct RoomBookTests {
    private static let million = 1_000_000
    private final class Reader {}

    @Test func requestsLeaveRoomForAnswersAndAKeyForOthers() {
        // 32 MiB are for answers, and a key has half of the rest.
        var book = RoomBook(limit: 300 * Self.million)
        let requests = 300 * Self.million - (32 << 20)
        let ofOneKey = [requests / 2, 1].map { book.take($0, for: 0) }
        #expect(ofOneKey == [true, false])
        let ofOthers = [book.take(requests / 2, for: 1), book.take(2, for: 2)]
        #expect(ofOthers == [true, false], "of all")
        let reader = Reader()
        let answer = book.wrote(32 << 20, to: ObjectIdentifier(reader), on: 0)
        #expect(!answer.isShort)
        book.give(requests / 2, of: 0)
        let later = [book.take(1000, for: 0), book.take(1000, for: 2), book.take(requests / 2, for: 1)]
        #expect(later == [true, true, false], "the last has its share")
    }

    @Test func oneRequestMayBeAsLongAsItMayBeWhereThereIsNoMoreRoom() {
        var book = RoomBook(limit: GatewayLimits.roomBytes(memory: 0))
        let taken = [GatewayLimits.requestBytes, 1].map { book.take($0, for: 0) }
        #expect(taken == [true, false])
    }

    @Test func answersLeaveAFifthToRequests() {
        var book = RoomBook(limit: 1000)
        let (slow, other) = (Reader(), Reader())
        let first = book.wrote(800, to: ObjectIdentifier(slow), on: 0)
        let isRefused = !book.take(300, for: 0)
        let isTaken = book.take(200, for: 0)
        #expect(!first.isShort && isRefused && isTaken)
        book.give(200, of: 0)
        #expect(book.wrote(1, to: ObjectIdentifier(other), on: 0).isShort)
        let cuts = book.cut()
        #expect(cuts == [RoomBook.Cut(number: first.number, loop: 0)])
    }

    @Test func whatIsAboutToGoIsNotCutForAgain() {
        var book = RoomBook(limit: 1250)
        let readers = (0..<4).map { _ in Reader() }
        func write(_ bytes: Int, to reader: Int, on loop: Int = 0) -> (number: UInt64, isShort: Bool) {
            book.wrote(bytes, to: ObjectIdentifier(readers[reader]), on: loop)
        }
        func pressed() -> [[UInt64]] { [book.press(on: 0), book.press(on: 1)] }
        let first = write(100, to: 0, on: 1)
        let second = write(300, to: 1)
        let third = write(100, to: 0, on: 1)
        #expect(!write(500, to: 2).isShort)
        #expect(write(100, to: 3).isShort)
        // All that its reader has goes with it.
        var cuts = book.cut()
        #expect(cuts == [RoomBook.Cut(number: first.number, loop: 1)] && book.taken == 1100)
        #expect(!write(100, to: 3).isShort, "200 are about to go")
        cuts = book.cut()
        #expect(cuts.isEmpty)
        #expect(pressed() == [[], []], "there is time")
        #expect(write(100, to: 3).isShort)
        cuts = book.cut()
        #expect(cuts == [RoomBook.Cut(number: second.number, loop: 0)])
        #expect(pressed() == [[second.number], []] && !book.isRoomy)
        #expect(pressed() == [[], []], "once, and as few as will do")
        for one in [first, second, third] { book.gone(one.number) }
        cuts = book.cut()
        #expect(book.taken == 800 && cuts.isEmpty)
        book.gone(first.number)
        #expect(book.taken == 800, "once")
    }

    /// Against a slow obvious count.
    @Test func itsSumsAreThoseOfWhatIsThere() {
        var random = SystemRandomNumberGenerator()
        var book = RoomBook(limit: 1000)
        let readers = (0..<5).map { _ in Reader() }
        var held: [(bytes: Int, key: Int)] = []
        var answers: [(number: UInt64, bytes: Int)] = []
        for _ in 0..<2000 {
            let bytes = Int.random(in: 1...200, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: if book.take(bytes, for: bytes % 3) { held.append((bytes, bytes % 3)) }
            case 1: if let last = held.popLast() { book.give(last.bytes, of: last.key) }
            case 2:
                let reader = ObjectIdentifier(readers[bytes % 5])
                answers.append((book.wrote(bytes, to: reader, on: bytes % 2).number, bytes))
            case 3: if !answers.isEmpty { book.gone(answers.remove(at: bytes % answers.count).number) }
            default:
                _ = book.cut()
                _ = book.press(on: bytes % 2)
            }
            let taken = held.reduce(0) { $0 + $1.bytes } + answers.reduce(0) { $0 + $1.bytes }
            #expect(book.taken == taken)
            #expect(held.reduce(0) { $0 + $1.bytes } <= 600)
        }
        for one in held { book.give(one.bytes, of: one.key) }
        for one in answers { book.gone(one.number) }
        let (all, cuts) = (book.take(600, for: 0), book.cut())
        #expect(all && cuts.isEmpty && book.taken == 600)
    }
}

@Suite struct HeldBytesTests {
    @Test func whatAHoldHasTakenIsGivenBackWithIt() {
        let told = Mutex<[Bool]>([])
        let sum = BodySum(limit: 500_000) { _ in
        } tell: { isFull in
            told.withLock { $0.append(isFull) }
        }
        do {
            var hold = BodyHold(of: sum, for: 0)
            let isShortKept = hold.grow(to: 1000)
            #expect(isShortKept && sum.take(300_000, for: 1), "a short one takes nothing")
            sum.give(300_000, of: 1)
            let isLongKept = [hold.grow(to: 200_000), hold.grow(to: 250_000)]
            #expect(isLongKept == [true, true])
            var other = BodyHold(of: sum, for: 1)
            let isOtherKept = other.grow(to: 70_000)
            #expect(!isOtherKept && told.withLock { $0 } == [true])
            let isMoreKept = [hold.grow(to: 300_001), hold.grow(to: 300_000)]
            #expect(isMoreKept == [false, true] && told.withLock { $0 } == [true])
        }
        #expect(told.withLock { $0 } == [true, false] && sum.take(300_000, for: 1))
    }

    @Test func thereIsRoomForOneRequestOnTheSmallestMachine() {
        #expect(GatewayLimits.roomBytes(memory: 64 << 20) > GatewayLimits.requestBytes)
        #expect(GatewayLimits.roomBytes(memory: 16 << 30) == 2 << 30)
    }
}

@Suite struct HostMemoryTests {
    /// The least of the group's own limit and of those above it; `max` is none.
    @Test(arguments: [
        ("0::/a/b\n", ["a/b": "max\n", "a": "max\n"], nil as Int?),
        ("0::/a/b\n", ["a/b": "4096\n", "a": "8192\n"], 4096),
        ("0::/a/b\n", ["a/b": "max\n", "a": "8192\n"], 8192), ("0::/\n", ["": "1048576\n"], 1_048_576),
        ("1:memory:/a\n", ["a": "4096\n"], nil), ("0::/gone\n", [:], nil),
    ])
    func whatItsCgroupAllows(_ group: String, _ limits: [String: String], _ expected: Int?) throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: root) }
        for (folder, limit) in limits {
            let place = root.appendingPathComponent(folder)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try Data(limit.utf8).write(to: place.appendingPathComponent("memory.max"))
        }
        #expect(HostMemory.allowed(root: root.path, group: group) == expected)
    }

    @Test func theMachineHasSome() { #expect(HostMemory.bytes() > 64 << 20) }
}
