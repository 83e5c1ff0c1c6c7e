/// More long bodies than there is memory for: requests are refused before they cost anything, answers that nobody reads are cut, who is served is
/// not disturbed, and an operator hears of it.
import Foundation
import Inference
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct BodyRoomTests {
        private static let object = "loop 0"
        private static let long = String(repeating: "long ", count: 80_000)

        private static func gateway(_ provider: MockProvider) throws -> GatewayUnderTest {
            try GatewayUnderTest(ports: [provider.port], timeouts: ExchangeTimeouts(), loops: 1, roomBytes: 1 << 20)
        }

        @Test func aLongRequestThatFindsNoRoomIsRefusedUntilThereIsSome() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try Self.gateway(provider)
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
            let answer =
                #"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"\#(Self.long)"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
            let provider = try MockProvider { $0.write(Mock.answer(200, answer)) ? .keep : .close }
            let gateway = try Self.gateway(provider)
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
    }
}

@Suite struct HeldBytesTests {
    @Test func whatAHoldHasTakenIsGivenBackWithIt() {
        let told = Told()
        let room = BodyRoom(limit: 300_000) { told.all.append($0) }
        do {
            var hold = BodyHold(of: room)
            #expect(hold.grow(to: 1000) && room.take(300_000), "a short one takes nothing")
            room.give(300_000)
            #expect(hold.grow(to: 200_000) && hold.grow(to: 250_000))
            var other = BodyHold(of: room)
            #expect(!other.grow(to: 70_000) && told.all == [true])
            #expect(!hold.grow(to: 300_001) && hold.grow(to: 300_000) && told.all == [true])
        }
        #expect(told.all == [true, false] && room.take(300_000))
    }

    @Test func aLoopHasRoomForOneRequestOnTheSmallestMachine() {
        #expect(GatewayLimits.roomBytes(loops: 4, memory: 64 << 20) > GatewayLimits.requestBytes)
        #expect(GatewayLimits.roomBytes(loops: 2, memory: 16 << 30) == 1 << 30)
    }

    private final class Told { var all: [Bool] = [] }
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
