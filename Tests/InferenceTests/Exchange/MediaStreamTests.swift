/// Answers about pictures and sound in events: how such a stream ends, what it costs, and what becomes of one that was asked for and does not come,
/// or comes unasked.
import NetTypes
import Testing
import Wire

@testable import Inference

extension MediaTests {
    @Test func aStreamOfPicturesHasNoMarkOfItsEnd() throws {
        let world = try Self.world(PriceRates(input: 5_000_000, output: 40_000_000, shown: 10_000_000, pieces: nil))
        try Self.ask(.imageGeneration, #"{"model":"chat","prompt":"x","stream":true}"#, world)
        try world.connect()
        try world.answer(Answer.streamHead)
        let partial =
            "event: image_generation.partial_image\ndata: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"AA==\"}\n\n"
        try world.send(Answer.bytes(partial))
        let usage =
            #"{"input_tokens":30,"output_tokens":100,"total_tokens":130,"input_tokens_details":{"text_tokens":10,"image_tokens":20}}"#
        let last =
            "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"b64_json\":\"AA==\",\"usage\":\(usage)}\n\n"
        try world.send(Answer.bytes(last))
        #expect(world.record == nil)
        try world.endUpstream()
        #expect(world.text == partial + last && world.end == .complete && world.record?.outcome == .answered)
        let cost = try #require(world.record?.cost)
        #expect(cost.input == 30 && cost.output == 100 && cost.units?.images == 1 && !cost.isUsageEstimated)
        // 10 of words, 20 of pictures, 100 of the answer.
        let owed: UInt64 = 50_000_000 + 200_000_000 + 4_000_000_000
        #expect(cost.picoDollars == owed)
    }

    @Test func anErrorAsItsFirstEventIsTriedElsewhereAndAStreamWithoutItsLastEventIsNotWhole() throws {
        let world = try Self.world()
        try Self.ask(.speech, #"{"model":"chat","input":"hi","stream_format":"sse"}"#, world)
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(Answer.event(#"{"error":{"message":"no voice","type":"server_error"}}"#))
        #expect(
            world.record?.attempts.map(\.failure) == [.errorFirstEvent, .notCarried],
            "nobody else speaks this dialect"
        )
        #expect(world.head?.status == 502)
        let second = try Self.world()
        try Self.ask(.speech, #"{"model":"chat","input":"hi","stream_format":"sse"}"#, second)
        try second.connect()
        try second.answer(Answer.streamHead)
        try second.send(Answer.event(#"{"type":"speech.audio.delta","audio":"AA=="}"#))
        try second.endUpstream()
        #expect(second.record?.outcome == .brokenOff && second.text.contains("\"error\""))
    }

    /// OpenAI passes over `stream` for whisper-1.
    @Test(arguments: ["application/json", "text/plain"]) func anAnswerInOnePieceIsPassedOnThoughAStreamWasAskedFor(
        _ type: String
    ) throws {
        let world = try Self.world(PriceRates(input: 0, output: 0, pieces: .init(second: 100_000_000)))
        let fields = Self.part("model", "chat") + Self.part("stream", "true") + Self.part("file", "x", isFile: true)
        var form = try Self.form(fields + "--B--\r\n")
        try form.finish()
        try Self.ask(.transcription, fields + "--B--\r\n", world, form: form)
        try world.connect()
        try world.feed(.tick, after: .seconds(40))
        #expect(world.head == nil && world.record == nil, "nobody knows yet that it is no stream")
        try world.answer(Self.head(type))
        let words = #"{"text":"hi","usage":{"type":"duration","seconds":12}}"#
        try world.send(Answer.bytes(words))
        try world.endUpstream()
        #expect(world.head?.status == 200 && world.text == words && world.orders.count == 1)
        #expect(world.head?.headers.contains(Header("content-type", type)) == true)
        #expect(world.record?.outcome == .answered && world.signals.last?.hasSuffix("success") == true)
        let cost = try #require(world.record?.cost)
        if type == "application/json" {
            #expect(cost.units?.milliseconds == 12_000 && cost.picoDollars == 1_200_000_000)
        }
    }

    @Test func aStreamOfSpeechThatComesLateIsKeptAliveOnceItIsOne() throws {
        let world = try Self.world()
        try Self.ask(.speech, #"{"model":"chat","input":"hi","stream_format":"sse"}"#, world)
        try world.connect()
        try world.feed(.tick, after: .seconds(16))
        #expect(world.head == nil)
        try world.answer(Answer.streamHead)
        try world.feed(.tick, after: .seconds(16))
        #expect(
            world.head?.headers.contains(Header("content-type", "text/event-stream")) == true && !world.body.isEmpty
        )
    }

    @Test func aStreamThatNobodyAskedForIsHeard() throws {
        let each = PriceRates(input: 0, output: 0, pieces: .init(madeImage: 40_000_000_000))
        let world = try Self.world(each)
        try Self.ask(.imageGeneration, #"{"model":"chat","prompt":"x"}"#, world)
        try world.connect()
        try world.answer(Answer.streamHead)
        let picture = Answer.event(#"{"type":"image_generation.completed","b64_json":"AA=="}"#)
        for _ in 0..<10 { try world.send(picture) }
        try world.feed(.tick, after: .seconds(50))
        try world.send(picture)
        try world.feed(.tick, after: .seconds(50))
        try world.send(picture)
        try world.feed(.tick, after: .seconds(50))
        try world.send(picture)
        try world.feed(.tick, after: .seconds(50))
        #expect(world.record == nil, "it may take longer than an answer in one piece")
        try world.endUpstream()
        #expect(world.record?.outcome == .answered && world.record?.cost?.units == MediaUnits(images: 13))
        #expect(world.record?.cost?.picoDollars == 13 * 40_000_000_000)
    }
}
