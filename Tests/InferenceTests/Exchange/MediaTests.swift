/// Pictures, sound and order: where each goes, what of its answer is kept, and what it costs in its own units.
import NetTypes
import PolicyEngine
import Testing
import Wire

@testable import Inference

@Suite struct MediaTests {
    private static let speechHead = Self.head("audio/mpeg", length: 6)

    static func head(_ type: String, length: Int? = nil) -> UpstreamHead {
        var head = UpstreamHead(status: 200, contentType: type)
        head.fields = [Header("content-type", type), Header("x-request-id", "r")]
        head.length = length
        return head
    }

    static func world(_ rates: PriceRates? = nil) throws -> ExchangeWorld {
        var snapshot = Stage.snapshot()
        snapshot.deployments[0].price = rates.map { Price($0) }
        return try ExchangeWorld(snapshot)
    }

    static func ask(
        _ operation: ModelOperation,
        _ body: String,
        _ world: ExchangeWorld,
        form: UploadForm? = nil
    ) throws {
        var request = ClientRequest(
            operation: operation,
            body: Array(body.utf8),
            key: "ci",
            team: nil,
            source: nil,
            unixMicroseconds: 1_790_000_000_000_000,
            draw: 0
        )
        request.form = form
        try world.feed(.request(request))
    }

    @Test(arguments: [
        (ModelOperation.imageGeneration, #"{"model":"chat","prompt":"a bird"}"#, "/v1/images/generations"),
        (.imageEdit, #"{"model":"chat","prompt":"a bird","images":[]}"#, "/v1/images/edits"),
        (.speech, #"{"model":"chat","input":"hi","voice":"alloy"}"#, "/v1/audio/speech"),
        (.moderation, #"{"model":"chat","input":["a","b"]}"#, "/v1/moderations"),
        (.rerank, #"{"model":"chat","query":"a","documents":["b",{"text":"c"}],"top_n":1}"#, "/v1/rerank"),
        (.imageGeneration, #"{"stream":true,"model":"chat","prompt":"x"}"#, "/v1/images/generations"),
    ]) func eachGoesToItsPathAndOnlyTheModelsNameIsChanged(
        _ operation: ModelOperation,
        _ body: String,
        _ path: String
    ) throws {
        let world = try Self.world()
        try Self.ask(operation, body, world)
        try world.connect()
        let sent = try #require(world.sent.last)
        #expect(sent.path == path)
        #expect(String(decoding: sent.body, as: UTF8.self) == body.replacing("\"chat\"", with: "\"\(Stage.bigModel)\""))
        let isStreamed = body.contains("stream")
        #expect(sent.headers.contains(Header("accept", isStreamed ? "text/event-stream" : "*/*")))
        #expect(world.record == nil && world.orders.count == 1)
    }

    @Test(arguments: [
        (ModelOperation.imageGeneration, #"{"model":"chat"}"#, "prompt"),
        (.speech, #"{"model":"chat","input":["x"]}"#, "input"),
        (.rerank, #"{"model":"chat","query":"a","documents":"b"}"#, "documents"),
        (.moderation, #"{"input":"x"}"#, "model"),
    ]) func whatIsMissingOrWrongIsNamed(_ operation: ModelOperation, _ body: String, _ field: String) {
        let error = #expect(throws: RequestError.self) { try RequestView(body: Array(body.utf8), operation: operation) }
        #expect(error?.param == field)
    }

    @Test func aProviderOfAnotherDialectIsRefusedInWords() throws {
        let world = try Self.world()
        try Self.ask(.speech, #"{"model":"chat.small","input":"x"}"#, world)
        #expect(world.head?.status == 400 && world.text.contains("Speech are not served") && world.orders.isEmpty)
    }

    @Test func whoIsSaidNotToDoItIsPassedOver() throws {
        for (capabilities, isServed) in [
            (Capabilities(listed: [.tools]), false), (Capabilities(listed: [.speech]), true),
        ] {
            var snapshot = Stage.snapshot()
            snapshot.deployments[0].facts = ModelFacts(capabilities: capabilities)
            snapshot.deployments[1].facts = ModelFacts(capabilities: [.chat])
            let world = try ExchangeWorld(snapshot)
            try Self.ask(.speech, #"{"model":"chat","input":"x"}"#, world)
            #expect(world.orders.count == (isServed ? 1 : 0))
            if !isServed { #expect(world.head?.status == 400 && world.text.contains("speech")) }
        }
        #expect(!Capabilities(listed: [.speech, .transcription]).contains(.chat), "what speaks need not chat")
    }

    // MARK: Speech, as it sounds

    @Test func soundGoesToTheClientAsItComesAndIsPaidByTheCharacter() throws {
        let world = try Self.world(PriceRates(input: 0, output: 0, pieces: .init(character: 15_000_000)))
        try Self.ask(.speech, #"{"model":"chat","input":"héllo","voice":"a"}"#, world)
        try world.connect()
        try world.answer(Self.speechHead)
        #expect(world.head == nil, "another provider may still step in")
        try world.send([0xFF, 0xFB, 0x00])
        #expect(world.head?.status == 200 && world.head?.length == 6 && world.body == [0xFF, 0xFB, 0x00])
        #expect(world.head?.headers.contains(Header("content-type", "audio/mpeg")) == true)
        #expect(world.head?.headers.contains { $0.name == "x-request-id" } == false)
        try world.send([0x01, 0x02, 0x03])
        try world.endUpstream()
        let record = try #require(world.record)
        #expect(record.outcome == .answered && world.end == .complete)
        #expect(record.cost?.units == MediaUnits(characters: 5) && record.cost?.isUsageEstimated == false)
        #expect(record.cost?.picoDollars == 75_000_000)
        #expect(LedgerRow(record)?.units == MediaUnits(characters: 5))
    }

    @Test func beforeItsFirstByteAnotherIsTriedAndBehindItTheConnectionIsCut() throws {
        let world = try Self.world()
        try Self.ask(.speech, #"{"model":"chat","input":"hi"}"#, world)
        try world.connect()
        try world.answer(Self.speechHead)
        try world.breakUpstream(.reset)
        #expect(world.orders.count == 2 && world.head == nil, "the other path")
        try world.connect()
        try world.answer(Self.speechHead)
        try world.send([1, 2])
        try world.breakUpstream(.reset)
        #expect(world.end == .abort && world.record?.outcome == .brokenOff && world.body == [1, 2])
        #expect(world.record?.errorCode == "upstream_error")
    }

    @Test func aClientThatDoesNotReadIsNoSilentProvider() throws {
        let world = try Self.world()
        try Self.ask(.speech, #"{"model":"chat","input":"hi"}"#, world)
        try world.connect()
        try world.answer(Self.head("audio/mpeg"))
        try world.send([1])
        try world.feed(.clientWritable(false))
        #expect(!world.isReading)
        try world.feed(.tick, after: .seconds(300))
        #expect(world.record == nil)
        try world.feed(.clientWritable(true))
        #expect(world.isReading)
        try world.feed(.tick, after: .seconds(61))
        #expect(world.record?.outcome == .brokenOff, "now it is")
    }

    // MARK: What it costs

    private static func charge(
        _ operation: ModelOperation,
        _ body: String,
        _ answer: String,
        _ rates: PriceRates,
        form: UploadForm? = nil
    ) throws -> CostRow {
        let world = try Self.world(rates)
        try Self.ask(operation, body, world, form: form)
        try world.connect()
        try world.answer(Answer.plainHead)
        try world.send(Answer.bytes(answer))
        try world.endUpstream()
        #expect(world.text == answer && world.record?.outcome == .answered)
        return try #require(world.record?.cost)
    }

    @Test func picturesArePaidByThePictureOrByTheirTokens() throws {
        let body = #"{"model":"chat","prompt":"x","n":2}"#
        let two = #"{"created":1,"data":[{"b64_json":"AA=="},{"b64_json":"AA=="}]}"#
        let each = PriceRates(input: 9, output: 9, pieces: .init(madeImage: 40_000_000_000))
        let cost = try Self.charge(.imageGeneration, body, two, each)
        #expect(cost.picoDollars == 80_000_000_000 && cost.units == MediaUnits(images: 2) && !cost.isUsageEstimated)
        let tokens = try Self.charge(.imageGeneration, body, two, PriceRates(input: 1, output: 10))
        #expect(tokens.isUsageEstimated && tokens.output == 2 * 4160)
    }

    @Test func picturesThatAreTooManyToHoldArePaidAsTheyWereAskedFor() throws {
        for (rates, owed) in [
            (PriceRates(input: 0, output: 0, pieces: .init(madeImage: 40_000_000_000)), 400_000_000_000 as UInt64),
            (PriceRates(input: 0, output: 10), 10 * 10 * 4160),
        ] {
            let world = try Self.world(rates)
            try Self.ask(.imageGeneration, #"{"model":"chat","prompt":"x","n":10}"#, world)
            try world.connect()
            try world.answer(Answer.plainHead)
            try world.send([UInt8](repeating: 0x20, count: ExchangeLimits.plainAnswerBytes + 1))
            #expect(world.orders.count == 1 && world.text.contains("answer_too_large"))
            let cost = try #require(world.record?.cost)
            #expect(cost.picoDollars == owed && cost.isUsageEstimated && cost.units == MediaUnits(images: 10))
        }
    }

    @Test func soundThatIsHeardIsPaidByTheSecondOrByItsTokens() throws {
        let body = #"{"model":"chat"}"#
        let rates = PriceRates(input: 6_000_000, output: 10_000_000, pieces: .init(second: 100_000_000))
        let timed = try Self.charge(
            .transcription,
            body,
            #"{"text":"hi","usage":{"type":"duration","seconds":12}}"#,
            rates
        )
        #expect(timed.picoDollars == 1_200_000_000 && timed.units == MediaUnits(milliseconds: 12_000))
        let verbose = try Self.charge(.transcription, body, #"{"text":"hi","duration":1.0001}"#, rates)
        #expect(verbose.units == MediaUnits(milliseconds: 1001))
        let usage =
            #"{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":4,"audio_tokens":10},"output_tokens":5,"total_tokens":19}"#
        let byTokens = try Self.charge(.transcription, body, #"{"text":"hi","usage":\#(usage)}"#, rates)
        let owed: UInt64 = 84_000_000 + 50_000_000
        #expect(byTokens.picoDollars == owed && byTokens.units == nil)
    }

    @Test func aRankingIsPaidByTheRequestOrItsTokensAndAModerationByNothing() throws {
        let body = #"{"model":"chat","query":"a","documents":["b"]}"#
        let answer = #"{"results":[{"index":0,"relevance_score":0.5}],"usage":{"total_tokens":7}}"#
        let cost = try Self.charge(.rerank, body, answer, PriceRates(input: 50, output: 0, request: 2_000))
        #expect(cost.picoDollars == 2_350 && cost.input == 7 && cost.output == 0 && !cost.isUsageEstimated)
        let free = try Self.charge(
            .moderation,
            #"{"model":"chat","input":"x"}"#,
            #"{"results":[]}"#,
            PriceRates(input: 0, output: 0)
        )
        #expect(free.picoDollars == 0)
    }

    // MARK: Forms

    static func form(_ text: String) throws -> UploadForm {
        var form = UploadForm(try #require(MultipartBoundary(contentType: "multipart/form-data; boundary=B")))
        try form.read(Array(text.utf8).span.bytes, at: Array(text.utf8))
        return form
    }

    static func part(_ name: String, _ value: String, isFile: Bool = false) -> String {
        "--B\r\ncontent-disposition: form-data; name=\"\(name)\"\(isFile ? "; filename=\"a\"" : "")\r\n\r\n\(value)\r\n"
    }

    @Test(arguments: [true, false]) func ofAFormOnlyTheModelsNameIsChanged(_ isFileFirst: Bool) throws {
        let file = Self.part("file", String(repeating: "\u{1}\r\n--", count: 100), isFile: true)
        let model = Self.part("model", "chat") + Self.part("stream", "false")
        let body = (isFileFirst ? file + model : model + file) + "--B--\r\n"
        var form = try Self.form(body)
        try form.finish()
        let world = try Self.world()
        try Self.ask(.transcription, body, world, form: form)
        try world.connect()
        let sent = try #require(world.sent.last)
        #expect(sent.path == "/v1/audio/transcriptions")
        #expect(sent.headers.contains(Header("content-type", "multipart/form-data; boundary=B")))
        #expect(String(decoding: sent.body, as: UTF8.self) == body.replacing("chat\r\n", with: "\(Stage.bigModel)\r\n"))
        #expect(world.record == nil)
        // Subtitles and plain words are no JSON.
        try world.answer(Self.head("text/plain; charset=utf-8"))
        try world.send(Answer.bytes("hello\n"))
        try world.endUpstream()
        let cost = try #require(world.record?.cost)
        #expect(world.text == "hello\n" && cost.isUsageEstimated && cost.units?.milliseconds == 31)
    }

    @Test(arguments: [
        (part("model", "a") + part("model", "b"), "two models"),
        (part("model", "a") + part("Model", "b"), "in other letters"),
        (part("model", "a") + part("model[]", "b"), "as a list"),
        (part("model", "a") + part("model", "b", isFile: true), "as a file"),
    ]) func aModelThatReadersCouldTakeForAnotherIsRefused(_ form: String, _ why: String) {
        let error = #expect(throws: RequestError.self, "\(why)") { try Self.form(form + "--B--\r\n") }
        #expect(error?.code == .invalidForm)
    }

    /// A provider that obeyed what is not counted would make pictures that nobody pays for.
    @Test(arguments: [
        (part("n", "1") + part("n", "10"), "n", "two counts"), (part("N", "10"), "n", "in other letters"),
        (part("n[]", "10"), "n", "as a list"), (part("n", "10", isFile: true), "n", "as a file"),
        (part("stream", "false") + part("stream", "true"), "stream", "twice"),
        (part("stream.x", "true"), "stream", "as a field of it"),
        (part("prompt", "a") + part("prompt", "b"), "prompt", "twice"),
        (part("user", "a") + part("user", "b"), "user", "twice"),
        (part("n", String(repeating: "0", count: 200_000) + "9"), "n", "longer than is looked at"),
    ]) func aFieldThatReadersCouldTakeForAnotherIsRefused(_ fields: String, _ name: String, _ why: String) {
        let form = Self.part("model", "chat") + fields + "--B--\r\n"
        let error = #expect(throws: RequestError.self, "\(why)") { try Self.form(form) }
        #expect(error?.code == .invalidForm && error?.param == name)
    }

    @Test(arguments: ["x", " 2", "2.0", "0", "-1", "２", "1e1"]) func aCountOfPicturesIsANumber(_ count: String) throws {
        let fields = Self.part("model", "chat") + Self.part("prompt", "x") + Self.part("n", count) + "--B--\r\n"
        let form = try Self.form(fields)
        let error = #expect(throws: RequestError.self) { try RequestView(body: [], operation: .imageEdit, form: form) }
        #expect(error?.param == "n")
        let body = Array(#"{"model":"chat","prompt":"x","n":"\#(count)"}"#.utf8)
        #expect(throws: RequestError.self) { try RequestView(body: body, operation: .imageGeneration) }
    }

    @Test func fieldsWithoutAValueAreAsIfTheyHadNotCome() throws {
        let fields =
            Self.part("model", "chat") + Self.part("prompt", "x") + Self.part("n", "") + Self.part("stream", "")
        let view = try RequestView(body: [], operation: .imageEdit, form: Self.form(fields + "--B--\r\n"))
        #expect(!view.stream && view.askedUnits() == MediaUnits(images: 1))
    }

    /// Of what is sent on and not kept, nothing is read that decides anything.
    @Test(arguments: ["model", "n", "stream"]) func behindWhatIsKeptNothingDecides(_ name: String) throws {
        var form = UploadForm(try #require(MultipartBoundary(contentType: "multipart/form-data; boundary=B")))
        let kept = Array((Self.part("prompt", "x") + Self.part("image", "xxxx", isFile: true)).utf8)
        try form.read(kept.span.bytes, at: kept)
        let late = Array((Self.part("size", "1024x1024") + Self.part(name, "1")).utf8) + Array("--B--".utf8)
        let error = #expect(throws: RequestError.self) { try form.read(late.span.bytes, at: kept) }
        #expect(error?.param == name && error?.message.contains("before the file") == true)
    }

    @Test func aFileIsHeardFromItsFirstByteAlsoWhereItsEndHasNotCome() throws {
        let size = 16_000
        let body = Self.part("model", "chat") + Self.part("file", String(repeating: "x", count: size), isFile: true)
        let open = try Self.form(String(body.dropLast()))
        let view = try RequestView(body: Array(body.utf8), operation: .transcription, form: open)
        #expect(view.askedUnits().milliseconds == 1000 && view.askedUnits(beside: 32_000).milliseconds == 3000)
        let whole = try RequestView(body: [], operation: .transcription, form: Self.form(body + "--B--"))
        #expect(whole.askedUnits() == view.askedUnits())
    }

    @Test func aFormWithoutAModelIsRefusedInWords() throws {
        var form = try Self.form(Self.part("file", "x", isFile: true) + "--B--\r\n")
        let error = #expect(throws: RequestError.self) { try form.finish() }
        #expect(error?.param == "model" && error?.code == .missing)
    }

    @Test func whatIsWorkedOnAndWhatIsAskedAreFacts() throws {
        let edit = try Self.form(Self.part("model", "chat") + Self.part("prompt", "x") + "--B--\r\n")
        let client = ClientRequest(
            operation: .imageEdit,
            body: [],
            key: "ci",
            team: nil,
            source: nil,
            unixMicroseconds: 0,
            draw: 0
        )
        let view = try RequestView(body: [], operation: .imageEdit, form: edit)
        var facts = RequestFacts(view, client)
        for (text, isTrue) in [
            ("prompt.modality has image", true), ("prompt.modality has audio", false),
            ("operation == image_edit", true),
            ("operation == chat", false),
        ] {
            let match = try Stage.match(text)
            #expect(match.evaluate { facts.value($0) } == isTrue, "\(text)")
        }
    }
}

extension PriceRates {
    init(input: UInt64, output: UInt64, request: UInt64 = 0, shown: UInt64? = nil, pieces: PieceRates?) {
        self.init(
            input: input,
            output: output,
            cachedInput: nil,
            cacheWrite: nil,
            reasoning: nil,
            request: request,
            image: 0
        )
        (imageInput, self.pieces) = (shown, pieces)
    }
}
