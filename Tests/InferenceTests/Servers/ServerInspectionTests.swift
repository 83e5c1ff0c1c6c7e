/// What is asked of local servers, and what is made of whatever they answer.
import Chance
import NetTypes
import Testing

@testable import Inference

@Suite struct ServerInspectionTests {
    /// Asks until nothing is left; an address without an answer gives 404.
    private func read(
        _ kind: ServerKind,
        prefix: String = "/v1",
        wanted: [String] = [],
        memo: ServerMemo = [:],
        _ answers: [String: String]
    ) -> (reading: ServerReading, failure: FailureClass?, asked: [String], memo: ServerMemo) {
        var inspection = ServerInspection(kind, prefix: prefix, wanted: wanted, memo: memo)
        var asked: [String] = []
        while let ask = inspection.ask, asked.count < 100 {
            let body = ask.body.map { " " + String(decoding: $0, as: UTF8.self) } ?? ""
            asked.append(ask.path + body)
            let answer = answers[ask.path + body] ?? answers[ask.path]
            let failure = inspection.take(status: answer == nil ? 404 : 200, answer.map { Array($0.utf8) })
            if let failure { return (inspection.reading, failure, asked, inspection.memo) }
        }
        return (inspection.reading, nil, asked, inspection.memo)
    }

    private static let vllm = #"""
        {"object":"list","data":[
        {"id":"llama","object":"model","root":"meta/llama","parent":null,"max_model_len":32768},
        {"id":"also-llama","object":"model","root":"meta/llama","parent":null,"max_model_len":32768},
        {"id":"sql","object":"model","root":"/lora/sql","parent":"llama"}]}
        """#
    private static let vllmMetrics = """
        # HELP vllm:num_requests_running Number of requests.
        # TYPE vllm:num_requests_running gauge
        vllm:num_requests_running{engine="0",model_name="llama"} 3.0
        vllm:num_requests_running{engine="1",model_name="llama"} 2.0
        vllm:num_requests_waiting{engine="0",model_name="llama"} 1.0
        vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 7.0
        """

    @Test func vllmTellsItsModelsTheirRoomAndItsQueue() {
        let read = read(.vllm, ["/v1/models": Self.vllm, "/metrics": Self.vllmMetrics])
        #expect(read.asked == ["/v1/models", "/metrics"] && read.failure == nil)
        #expect(
            read.reading.models == [
                ServedModel("llama", context: 32768),
                ServedModel("also-llama", context: 32768, isLoaded: false), ServedModel("sql", isLoaded: false),
            ]
        )
        #expect(read.reading.running == 5 && read.reading.waiting == 1 && read.reading.queue == 6)
    }

    /// A name that looks like another is another, and what a terminal would obey is no name.
    @Test func namesAreTheirBytes() {
        let installed = #"{"models":[{"model":"caf\u00e9"},{"model":"a\u009bb"},{"model":"a\u202eb"}]}"#
        let read = read(.ollama, ["/api/tags": installed, "/api/ps": #"{"models":[{"model":"cafe\u0301"}]}"#])
        #expect(read.reading.models == [ServedModel("caf\u{e9}", isLoaded: false)])
    }

    @Test func withoutMetricsItTellsNoQueue() {
        let read = read(.sglang, ["/v1/models": #"{"data":[{"id":"q","max_model_len":4096}]}"#])
        #expect(read.failure == nil && read.reading.queue == nil)
        #expect(read.reading.models == [ServedModel("q", context: 4096)])
    }

    @Test func sglangHasWordsOfItsOwn() {
        let metrics =
            "sglang:num_running_reqs{model_name=\"q\",tp_rank=\"0\"} 4\nsglang:num_queue_reqs{a=\"}\"} 9 1700000000\n"
        let read = read(.sglang, ["/v1/models": #"{"data":[{"id":"q"}]}"#, "/metrics": metrics])
        #expect(read.reading.running == 4 && read.reading.waiting == 9)
    }

    private static let llama =
        #"{"object":"list","data":[{"id":"model.gguf","object":"model","meta":{"n_ctx_train":131072}}]}"#
    private static let properties = #"{"default_generation_settings":{"n_ctx":8192},"total_slots":4}"#

    @Test func llamaCppTellsWhatASlotHasAndWhichAreBusy() {
        let slots = #"[{"id":0,"is_processing":true},{"id":1,"is_processing":false},{"id":2,"is_processing":true}]"#
        let read = read(.llamaCpp, ["/v1/models": Self.llama, "/props": Self.properties, "/slots": slots])
        #expect(read.asked == ["/v1/models", "/props", "/metrics", "/slots"])
        #expect(read.reading.models == [ServedModel("model.gguf", context: 8192)])
        #expect(read.reading.running == 2 && read.reading.waiting == nil && read.reading.takesAnyName == true)
    }

    @Test func llamaCppWithMetricsIsNotAskedForSlots() {
        let metrics = "llamacpp:requests_processing 4\nllamacpp:requests_deferred 2\n"
        let read = read(.llamaCpp, ["/v1/models": Self.llama, "/props": Self.properties, "/metrics": metrics])
        #expect(read.asked == ["/v1/models", "/props", "/metrics"])
        #expect(read.reading.running == 4 && read.reading.waiting == 2)
    }

    @Test func llamaCppOfSeveralModelsSaysWhichAreLoaded() {
        let list = #"{"data":[{"id":"a","status":{"value":"unloaded"}},{"id":"b","status":{"value":"loaded"}}]}"#
        let read = read(.llamaCpp, ["/v1/models": list])
        #expect(read.reading.models == [ServedModel("b"), ServedModel("a", isLoaded: false)])
        #expect(read.reading.takesAnyName == nil)
    }

    private static let tags = #"""
        {"models":[{"name":"qwen3:latest","model":"qwen3:latest","digest":"d1"},
        {"name":"llama3.3:70b","model":"llama3.3:70b","digest":"d2"},{"name":"old:latest","digest":"d3"}]}
        """#
    private static let loaded = #"{"models":[{"name":"qwen3:latest","model":"qwen3:latest","context_length":4096}]}"#
    private static let show =
        #"{"parameters":"stop \"x\"","model_info":{"general.name":"l","llama.context_length":131072}}"#

    @Test func ollamaIsAskedAboutWhatIsWantedAndNotLoaded() {
        let answers = ["/api/tags": Self.tags, "/api/ps": Self.loaded, "/api/show": Self.show]
        let first = read(.ollama, wanted: ["qwen3", "llama3.3:70b"], answers)
        #expect(first.asked == ["/api/tags", "/api/ps", #"/api/show {"model":"llama3.3:70b"}"#])
        let models = [
            ServedModel("qwen3:latest", context: 4096), ServedModel("llama3.3:70b", context: 131072, isLoaded: false),
            ServedModel("old:latest", isLoaded: false),
        ]
        #expect(first.reading.models == models && first.reading.queue == nil)
        let second = read(.ollama, wanted: ["qwen3", "llama3.3:70b"], memo: first.memo, answers)
        #expect(second.asked == ["/api/tags", "/api/ps"] && second.reading == first.reading, "asked once")
    }

    @Test func whatAModelsFileAsksForGoesBeforeWhatItCouldHave() {
        let show =
            #"{"parameters":"num_ctx                        16384\nstop x","model_info":{"llama.context_length":131072}}"#
        let tags = #"{"models":[{"name":"m:latest"}]}"#
        let read = read(.ollama, prefix: "", ["/api/tags": tags, "/api/ps": #"{"models":[]}"#, "/api/show": show])
        #expect(read.reading.models == [ServedModel("m:latest", context: 16384, isLoaded: false)])
    }

    private static let ps = #"{"models":[{"name":"llama3.3:70b","context_length":4096}]}"#

    /// Asks all there is to ask; nil: no answer came.
    private func reading(_ kind: ServerKind, _ answers: [String: (Int, String?)], until last: String = "")
        -> ServerReading
    {
        var inspection = ServerInspection(kind, prefix: "/v1", wanted: ["qwen3", "llama3.3:70b"])
        while let ask = inspection.ask, ask.path != last {
            let (status, text) = answers[ask.path] ?? (404, nil)
            #expect(inspection.take(status: status, text.map { Array($0.utf8) }) == nil)
        }
        return inspection.reading
    }

    /// Another answer than a refusal leaves open what holds; it is as it was.
    @Test(
        arguments: [
            ((0, nil), ServerReading.Unanswered.loaded, "none"), ((200, nil), .loaded, "too long"),
            ((200, "<html>"), .loaded, "a page"), ((503, "{}"), .loaded, "busy"), ((429, "{}"), .loaded, "busy"),
            ((404, "{}"), nil, "no such address"), ((403, nil), nil, "not for us"),
            ((200, "{}"), nil, "nothing is loaded"),
        ] as [((Int, String?), ServerReading.Unanswered?, Comment)]
    )
    func whatIsNotAnsweredIsAsItWas(_ ps: (Int, String?), _ unanswered: ServerReading.Unanswered?, _ why: Comment) {
        let rest: [String: (Int, String?)] = ["/api/tags": (200, Self.tags), "/api/show": (200, Self.show)]
        let before = reading(.ollama, rest.merging(["/api/ps": (200, Self.ps)]) { $1 })
        #expect(before.unanswered == nil && before.models.first?.context == 4096)
        let now = reading(.ollama, rest.merging(["/api/ps": ps]) { $1 })
        #expect(now.unanswered == unanswered, why)
        #expect((now.filled(from: before) == before) == (unanswered != nil), why)
        #expect(now.filled(from: nil) == now, "nothing better is known")
    }

    @Test func aRoundThatIsCutShortLeavesTheRestAsItWas() {
        let answers: [String: (Int, String?)] = [
            "/api/tags": (200, Self.tags), "/api/ps": (200, Self.ps), "/api/show": (200, Self.show),
        ]
        let before = reading(.ollama, answers)
        let cut = reading(.ollama, answers, until: "/api/show")
        #expect(cut.unanswered == .contexts && cut != before && cut.filled(from: before) == before)
        let earlier = reading(.ollama, answers, until: "/api/ps")
        #expect(earlier.unanswered == .loaded && earlier.filled(from: before) == before)
        let llama: [String: (Int, String?)] = ["/v1/models": (200, Self.llama), "/props": (200, Self.properties)]
        let (known, silent) = (
            reading(.llamaCpp, llama), reading(.llamaCpp, llama.merging(["/props": (503, nil)]) { $1 })
        )
        #expect(
            silent.unanswered == .contexts && silent.filled(from: known) == known && known.models[0].context == 8192
        )
    }

    @Test func whatIsNewIsThereAndWhatIsGoneIsGoneThoughHalfIsUnanswered() {
        let old = ServerReading(models: [ServedModel("a", context: 1), ServedModel("b", context: 2, isLoaded: false)])
        var new = ServerReading(models: [
            ServedModel("c", context: 3, isLoaded: false), ServedModel("a", isLoaded: false),
        ])
        new.unanswered = .loaded
        #expect(
            new.filled(from: old).models == [old.models[0], new.models[0]] && new.filled(from: old).unanswered == nil
        )
        new.unanswered = .contexts
        #expect(new.filled(from: old).models == [new.models[0], ServedModel("a", context: 1, isLoaded: false)])
    }

    /// Where the server's own addresses are.
    @Test(
        arguments: [
            ("", "/metrics", "/v1/models"), ("/v1", "/metrics", "/v1/models"), ("/a/v1", "/a/metrics", "/a/v1/models"),
            ("/a", "/a/metrics", "/a/v1/models"),
        ]
    )
    func theAddressMayHaveTheVersionOrNot(_ prefix: String, _ metrics: String, _ models: String) {
        #expect(read(.vllm, prefix: prefix, [models: Self.vllm]).asked == [models, metrics])
    }

    @Test(arguments: [
        ("", "nothing"), ("[]", "no object"), ("{}", "no list"), (#"{"data":{}}"#, "a map"),
        (#"{"data":"x"}"#, "a word"),
        ("{\"data\":[}", "no JSON"), ("<html>", "a page"),
    ])
    func aListThatIsNoneIsAFailure(_ text: String, _ why: Comment) {
        #expect(read(.vllm, ["/v1/models": text]).failure == .malformed, why)
    }

    @Test(arguments: [(401, FailureClass.unauthorised), (500, .serverError), (404, .malformed), (200, .malformed)])
    func withoutAListTheRoundHasFailed(_ status: Int, _ failure: FailureClass) {
        var inspection = ServerInspection(.vllm, prefix: "/v1", wanted: [])
        #expect(inspection.isNeeded && inspection.take(status: status, nil) == failure)
    }

    /// Numbers that cannot be meant are as if they had not been said.
    @Test(arguments: [
        "0", "-1", "1e9", "3.5", "99999999999999999999", "\"8192\"", "null", "true", "100000001", "[8192]",
    ])
    func aContextThatCannotBeMeantIsNotKnown(_ text: String) {
        let read = read(.vllm, ["/v1/models": #"{"data":[{"id":"a","max_model_len":\#(text)}]}"#])
        #expect(read.reading.models == [ServedModel("a")])
    }

    @Test(arguments: ["NaN", "-1", "+Inf", "1e12", "", "x", "{", "{a=\"b\" 1"])
    func aQueueThatCannotBeMeantIsNotKnown(_ value: String) {
        let metrics = "vllm:num_requests_running \(value)\nvllm:num_requests_waiting{a=\"\\\"}\"} 2\n"
        let read = read(.vllm, ["/v1/models": Self.vllm, "/metrics": metrics])
        #expect(read.reading.running == nil && read.reading.waiting == 2)
    }

    @Test func namesThatCannotBeAskedForAreNotThere() {
        let long = String(repeating: "n", count: 600)
        let list = #"{"data":[{"id":""},{"id":7},{"id":"a\nb"},{"id":"\#(long)"},{},{"id":"good"},"x"]}"#
        #expect(read(.vllm, ["/v1/models": list]).reading.models.map(\.name) == ["good"])
    }

    @Test func ofALibraryLoadedAndWantedModelsAreKept() {
        let all = (0..<3000).map { #"{"name":"m\#($0)","digest":"d\#($0)"}"# }.joined(separator: ",")
        let answers = [
            "/api/tags": #"{"models":[\#(all)]}"#, "/api/ps": #"{"models":[{"name":"m900","context_length":2048}]}"#,
        ]
        let read = read(.ollama, wanted: ["m500", "m501", "m502", "m503", "m504", "m505"], answers)
        #expect(read.reading.models.count == ServerReading.mostModels)
        #expect(read.reading.models.prefix(3).map(\.name) == ["m900", "m500", "m501"])
        #expect(read.asked.count == 2 + 4, "four questions a round")
    }

    /// Whatever comes, in whatever order: it ends, and keeps its bounds.
    @Test func noAnswerBreaksIt() throws {
        var chance = SeededGenerator(38)
        let texts = [
            Self.vllm, Self.vllmMetrics, Self.llama, Self.properties, Self.tags, Self.loaded, Self.show, "", "{}",
            "[[]]",
        ]
        for _ in 0..<2000 {
            let kinds: [ServerKind] = [.ollama, .vllm, .sglang, .llamaCpp]
            let kind = kinds[Int.random(in: 0..<4, using: &chance)]
            var inspection = ServerInspection(kind, prefix: "/v1", wanted: ["llama", "qwen3"])
            var steps = 0
            while inspection.ask != nil {
                steps += 1
                var bytes = Array(texts[Int.random(in: 0..<texts.count, using: &chance)].utf8)
                for _ in 0..<Int.random(in: 0...3, using: &chance) where !bytes.isEmpty {
                    bytes[Int.random(in: 0..<bytes.count, using: &chance)] = UInt8.random(in: 0...255, using: &chance)
                }
                let status = [200, 200, 200, 404, 500][Int.random(in: 0..<5, using: &chance)]
                if inspection.take(status: status, bytes) != nil { break }
            }
            #expect(steps <= 8)
            let reading = inspection.reading
            #expect(reading == reading.bounded && (reading.queue ?? 0) <= 2_000_000)
        }
    }
}

@Suite struct ServedModelTests {
    private func model(_ name: String?, before: String? = nil, _ models: ServedModel..., takesAnyName: Bool? = nil)
        -> Result<ServedModel, NoSuchModel>
    {
        ServerReading(models: models, takesAnyName: takesAnyName).model(for: name, before: before)
    }

    private static let (a, b) = (ServedModel("a"), ServedModel("b", context: 9))
    private static let (offA, offB) = (ServedModel("a", isLoaded: false), ServedModel("b", isLoaded: false))

    @Test func aNamedModelMustBeThere() {
        #expect(model("b", Self.a, Self.b) == .success(Self.b))
        #expect(model("b", Self.a, Self.offB) == .success(Self.offB), "it is loaded when it is asked for")
        #expect(model("c", Self.a, Self.b) == .failure(.notServed))
        #expect(model("c") == .failure(.notServed))
    }

    @Test func aTagOfOllamasNeedNotBeSaid() {
        let latest = ServedModel("q:latest")
        #expect(model("q", latest) == .success(latest))
        #expect(model("q", ServedModel("q:8b")) == .failure(.notServed))
    }

    @Test func whoAnswersByOneModelAnswersToAnyName() {
        #expect(model("whatever", Self.b, takesAnyName: true) == .success(Self.b))
    }

    @Test func withoutANameItIsWhatIsLoaded() {
        #expect(model(nil, Self.a, Self.offB) == .success(Self.a))
        #expect(model(nil, before: "b", Self.a, Self.offB) == .success(Self.a), "another is loaded now")
        #expect(model(nil, Self.offB) == .success(Self.offB), "the only one there is")
        #expect(model(nil) == .failure(.nothing))
    }

    @Test func amongSeveralItStaysWithTheOneBefore() {
        #expect(model(nil, Self.a, Self.b) == .failure(.several))
        #expect(model(nil, before: "b", Self.a, Self.b) == .success(Self.b))
        #expect(model(nil, before: "c", Self.a, Self.b) == .failure(.several))
        #expect(model(nil, before: "b", Self.offA, Self.offB) == .success(Self.offB), "it sleeps")
        #expect(model(nil, Self.offA, Self.offB) == .failure(.several))
    }
}
