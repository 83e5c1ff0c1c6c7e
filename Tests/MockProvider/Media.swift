import LabText

/// What does OpenAI answer where it is about pictures, sound and order? Each as strict as the provider is, each answer the same to the same
/// question. Shapes after openai/openai-openapi f85dbe223d40 (MIT); the order is Jina's.
extension OpenAIDialect {
    func media(_ request: Request, number: Int) throws(Refusal) -> Reply? {
        switch request.path {
        case "/v1/images/generations": try images(try Planner.body(of: request), number)
        case "/v1/images/edits": try imageEdit(try MediaForm(request), number)
        case "/v1/images/variations": try imageVariation(try MediaForm(request), number)
        case "/v1/audio/speech": try speech(try Planner.body(of: request), number)
        case "/v1/audio/transcriptions": try transcription(try MediaForm(request), number)
        case "/v1/audio/translations": try translation(try MediaForm(request), number)
        case "/v1/moderations": try moderation(try Planner.body(of: request), number)
        case "/v1/rerank": try ranking(try Planner.body(of: request), number)
        default: nil
        }
    }

    private func json(_ body: JSON, _ number: Int) -> Reply {
        .json(body, headers: headers(number: number), outcome: "answered")
    }

    private func events(_ events: [(type: String, data: JSON)], _ number: Int) -> Reply {
        let head = Reply.Step.head(
            status: 200,
            headers: Reply.streamHeaders("text/event-stream") + headers(number: number)
        )
        let steps = events.map { event -> Reply.Step in
            .body(
                "event: \(event.type)\ndata: \(JSON.object([JSON.Member("type", .string(event.type))] + (event.data.members ?? [])))\n\n"
            )
        }
        return Reply(steps: [head] + steps + [.end], outcome: "answered")
    }

    /// Of a form: the model must be one of ours.
    private func check(model: String?) throws(Refusal) {
        guard let model, models.contains(model) else {
            throw Refusal(status: 404, message: "There is no model `\(model ?? "")` for you.", code: "model_not_found")
        }
    }

    private func file(_ form: MediaForm, _ name: String) throws(Refusal) -> MediaForm.Part {
        guard let file = form.files(name).first else {
            throw Refusal(status: 400, message: "Missing required parameter: '\(name)'.", field: name)
        }
        return file
    }

    // MARK: Pictures

    /// A PNG of one pixel.
    private static let pixel: JSON =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

    private static let imageShape = Shape(
        fields: [
            "prompt": .string, "model": .string, "n": .orNull(.integer), "quality": .string, "response_format": .string,
            "output_format": .string, "output_compression": .integer, "stream": .orNull(.bool),
            "partial_images": .integer, "size": .string, "moderation": .string, "background": .string,
            "style": .string, "user": .string,
        ],
        required: ["prompt"]
    )

    private func imageUsage(_ prompt: String, shown: Int, made: Int) -> JSON {
        let text = OpenAIDialect.tokens(prompt.count)
        // A picture that is shown has as many tokens here as one that is made.
        let (input, output) = (text + 272 * shown, 272 * made)
        return [
            "input_tokens": .integer(input), "output_tokens": .integer(output),
            "total_tokens": .integer(input + output),
            "input_tokens_details": ["text_tokens": .integer(text), "image_tokens": .integer(272 * shown)],
        ]
    }

    private func images(_ body: JSON, _ number: Int) throws(Refusal) -> Reply {
        _ = try check(body, OpenAIDialect.imageShape)
        let prompt = body["prompt"]?.string ?? ""
        guard body["stream"]?.bool == true else {
            let count = body["n"]?.integer ?? 1
            let data = JSON.array(Array(repeating: ["b64_json": OpenAIDialect.pixel], count: count))
            return json(
                ["created": 1_700_000_000, "data": data, "usage": imageUsage(prompt, shown: 0, made: count)],
                number
            )
        }
        let partial = (0..<(body["partial_images"]?.integer ?? 0)).map { index in
            ("image_generation.partial_image", image(["partial_image_index": .integer(index)]))
        }
        let last = image(["usage": imageUsage(prompt, shown: 0, made: 1)])
        return events(partial + [("image_generation.completed", last)], number)
    }

    private func image(_ more: JSON) -> JSON {
        .object(
            [
                JSON.Member("b64_json", OpenAIDialect.pixel), JSON.Member("created_at", 1_700_000_000),
                JSON.Member("size", "1024x1024"), JSON.Member("quality", "low"), JSON.Member("background", "opaque"),
                JSON.Member("output_format", "png"),
            ] + (more.members ?? [])
        )
    }

    private func imageEdit(_ form: MediaForm, _ number: Int) throws(Refusal) -> Reply {
        try form.check(
            fields: [
                "prompt", "model", "n", "quality", "size", "background", "input_fidelity", "output_format",
                "output_compression", "response_format", "partial_images", "stream", "user",
            ],
            files: ["image", "mask"]
        )
        try check(model: form.text("model"))
        guard let prompt = form.text("prompt") else { throw Refusal(status: 400, message: "'prompt' is missing.") }
        return try drawn(of: form, prompt, number)
    }

    private func imageVariation(_ form: MediaForm, _ number: Int) throws(Refusal) -> Reply {
        try form.check(fields: ["model", "n", "size", "response_format", "user"], files: ["image"])
        try check(model: form.text("model"))
        return try drawn(of: form, "", number)
    }

    private func drawn(of form: MediaForm, _ prompt: String, _ number: Int) throws(Refusal) -> Reply {
        let size = try file(form, "image").bytes.count
        let words = "\(form.files("image").count) of \(size): \(prompt)"
        let data: JSON = [["b64_json": OpenAIDialect.pixel, "revised_prompt": .string(words)]]
        let usage = imageUsage(prompt, shown: form.files("image").count, made: 1)
        return json(["created": 1_700_000_000, "data": data, "usage": usage], number)
    }

    // MARK: Sound

    private func speech(_ body: JSON, _ number: Int) throws(Refusal) -> Reply {
        _ = try check(
            body,
            Shape(
                fields: [
                    "model": .string, "input": .string, "instructions": .string, "voice": .either([.string, .map]),
                    "response_format": .word(["mp3", "opus", "aac", "flac", "wav", "pcm"]), "speed": .number,
                    "stream_format": .word(["sse", "audio"]),
                ],
                required: ["model", "input", "voice"]
            )
        )
        let text = body["input"]?.string ?? ""
        if body["stream_format"]?.string == "sse" {
            let usage: JSON = [
                "input_tokens": .integer(OpenAIDialect.tokens(text.count)), "output_tokens": .integer(text.count),
                "total_tokens": .integer(OpenAIDialect.tokens(text.count) + text.count),
            ]
            let pieces = Array(repeating: ("speech.audio.delta", ["audio": "SUQz"] as JSON), count: 3)
            return events(pieces + [("speech.audio.done", ["usage": usage])], number)
        }
        let form = body["response_format"]?.string ?? "mp3"
        let type = form == "mp3" ? "audio/mpeg" : "audio/\(form)"
        let head = Reply.Step.head(status: 200, headers: [("content-type", type)] + headers(number: number))
        let pieces: [[UInt8]] = [Array("ID3".utf8), Array(0...255), Array(text.utf8)]
        return Reply(steps: [head] + pieces.map { .bytes($0) } + [.end], outcome: "answered")
    }

    private func heard(_ form: MediaForm) throws(Refusal) -> String {
        let file = try file(form, "file")
        return "heard \(file.bytes.count) bytes of \(file.file ?? "")"
    }

    private func transcription(_ form: MediaForm, _ number: Int) throws(Refusal) -> Reply {
        try form.check(
            fields: ["model", "language", "prompt", "response_format", "temperature", "stream", "chunking_strategy"],
            lists: ["include", "timestamp_granularities", "known_speaker_names", "known_speaker_references"],
            files: ["file"]
        )
        try check(model: form.text("model"))
        let text = try heard(form)
        guard form.text("stream") == "true" else { return words(text, as: form.text("response_format"), number) }
        let words = text.split(separator: " ").enumerated().map { $0 == 0 ? String($1) : " \($1)" }
        let usage: JSON = [
            "type": "tokens", "input_tokens": 30, "output_tokens": .integer(words.count),
            "total_tokens": .integer(30 + words.count), "input_token_details": ["text_tokens": 0, "audio_tokens": 30],
        ]
        return events(
            words.map { ("transcript.text.delta", ["delta": .string($0)]) }
                + [("transcript.text.done", ["text": .string(text), "usage": usage])],
            number
        )
    }

    private func translation(_ form: MediaForm, _ number: Int) throws(Refusal) -> Reply {
        try form.check(fields: ["model", "prompt", "response_format", "temperature"], files: ["file"])
        try check(model: form.text("model"))
        return words(try heard(form), as: form.text("response_format"), number)
    }

    private func words(_ text: String, as form: String?, _ number: Int) -> Reply {
        switch form {
        case "text", "srt", "vtt":
            let body = form == "text" ? text + "\n" : "1\n00:00:00,000 --> 00:00:02,500\n\(text)\n"
            let head = Reply.Step.head(
                status: 200,
                headers: [("content-type", "text/plain; charset=utf-8")] + headers(number: number)
            )
            return Reply(steps: [head, .body(body), .end], outcome: "answered")
        case "verbose_json":
            return json(["language": "english", "duration": 2.5, "text": .string(text), "segments": []], number)
        default: return json(["text": .string(text), "usage": ["type": "duration", "seconds": 3]], number)
        }
    }

    // MARK: Order

    private func moderation(_ body: JSON, _ number: Int) throws(Refusal) -> Reply {
        let shape = Shape(fields: ["input": .either([.string, .list]), "model": .string], required: ["input"])
        let model = try check(body, shape)
        let results = OpenAIDialect.texts(body["input"]).map { text -> JSON in
            let isBad = text.contains("bad")
            return [
                "flagged": .bool(isBad), "categories": ["hate": .bool(isBad)],
                "category_scores": ["hate": isBad ? 0.9 : 0.1],
                "category_applied_input_types": ["hate": ["text"]],
            ]
        }
        return json(["id": .string("modr-\(number)"), "model": .string(model), "results": .array(results)], number)
    }

    private func ranking(_ body: JSON, _ number: Int) throws(Refusal) -> Reply {
        let model = try check(
            body,
            Shape(
                fields: [
                    "model": .string, "query": .string, "documents": .list, "top_n": .integer,
                    "return_documents": .bool,
                ],
                required: ["model", "query", "documents"]
            )
        )
        let texts = (body["documents"]?.elements ?? []).map { $0.string ?? $0["text"]?.string ?? "" }
        let query = body["query"]?.string ?? ""
        let order =
            texts.indices.filter { texts[$0].contains(query) } + texts.indices.filter { !texts[$0].contains(query) }
        let rows = order.prefix(body["top_n"]?.integer ?? texts.count).map { index -> JSON in
            let row: JSON = ["index": .integer(index), "relevance_score": texts[index].contains(query) ? 0.9 : 0.1]
            guard body["return_documents"]?.bool == true else { return row }
            return row.adding("document", ["text": .string(texts[index])])
        }
        let tokens = OpenAIDialect.tokens(texts.reduce(query.count) { $0 + $1.count })
        return json(
            ["model": .string(model), "results": .array(Array(rows)), "usage": ["total_tokens": .integer(tokens)]],
            number
        )
    }
}
