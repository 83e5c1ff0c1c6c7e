/// The event stream: split anywhere, with comments, too large, ended by the daemon.
import Control
import NetTypes
import Testing

@Suite struct WatchTests {
    private struct Enough: Error {}

    private static let limits = ControlClient.Limits(
        connect: .seconds(5),
        answer: .seconds(5),
        body: 4 << 10,
        event: 1 << 10
    )

    /// The events handed out, and what ended the watching.
    private func watch(_ server: ScriptedServer, atMost count: Int = .max) -> (events: [WatchEvent], end: any Error) {
        var events: [WatchEvent] = []
        do {
            try ControlClient(socketPath: server.path, limits: Self.limits).watch { event in
                events.append(event)
                if events.count == count { throw Enough() }
            }
            return (events, Enough())
        } catch {
            return (events, error)
        }
    }

    @Test(arguments: [1, 2, 3, 7, 64, 4096])
    func eventsAreTheSameHoweverTheirBytesAreCut(size: Int) throws {
        let bytes = Array(Answers.streamHead.utf8) + (try Answers.stream())
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        let server = try ScriptedServer(pieces.map { .send($0) })
        let (events, end) = watch(server)
        #expect(events == Answers.events)
        #expect(end as? ControlError == .brokenOff(path: server.path, code: 0), "the daemon's going away is told")
        _ = server.finish()
    }

    @Test func eventsCutBetweenAnyTwoBytesArriveWhole() throws {
        let bytes = try Answers.stream()
        for cut in 1..<bytes.count {
            let server = try ScriptedServer([
                .send(Array(Answers.streamHead.utf8) + bytes[..<cut]), .send(Array(bytes[cut...])),
            ])
            #expect(watch(server).events == Answers.events, "cut at \(cut)")
            _ = server.finish()
        }
    }

    @Test func aChunkedStreamIsReadToItsEnd() throws {
        let text = String(decoding: try Answers.stream(), as: UTF8.self)
        let answer = Answers.chunked([String(text.prefix(50)), String(text.dropFirst(50))])
        let head = answer.replacing(
            "Transfer-Encoding",
            with: "Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding"
        )
        let server = try ScriptedServer(answering: head)
        #expect(watch(server).events == Answers.events)
        _ = server.finish()
    }

    @Test func anEventIsHandedOutBeforeTheNextOneComes() throws {
        let first = Array(Answers.streamHead.utf8) + Array("data: ".utf8) + (try ControlJSON.encode(Answers.events[0]))
        let server = try ScriptedServer([.send(first + Array("\n\n".utf8)), .waitForClient])
        let (events, end) = watch(server, atMost: 1)
        #expect(events == [Answers.events[0]])
        #expect(end is Enough, "whoever watches ends it")
        _ = server.finish()
    }

    @Test func anEventWithoutEndIsNotCollected() throws {
        let server = try ScriptedServer([
            .send(Array(Answers.streamHead.utf8)), .send([UInt8](repeating: 0x61, count: 3 << 10)), .waitForClient,
        ])
        #expect(watch(server).end as? ControlError == .tooLarge(limit: 1 << 10))
        _ = server.finish()
    }

    @Test func aRefusedStreamGivesTheDaemonsWords() throws {
        let server = try ScriptedServer(answering: Answers.withLength("403 Forbidden", #"{"errors":["not for you"]}"#))
        #expect(watch(server).end as? ControlError == .refused(status: 403, ErrorReply(errors: ["not for you"])))
        _ = server.finish()
    }

    @Test func anAnswerThatIsNoStreamIsNotWaitedFor() throws {
        let server = try ScriptedServer(answering: Answers.ok("[]"))
        let end = watch(server).end as? ControlError
        #expect(end == .notUnderstood("/v1/watch did not answer with an event stream"))
        _ = server.finish()
    }
}
