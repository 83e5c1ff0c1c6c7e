import Glibc
import NetTypes

@testable import Inference
@testable import Wire

/// Who speaks to whom: every client to every provider, or those in which one takes part that `FUZZ_DIALECT` names.
private let pairs: [(client: ClientDialect, provider: Dialect)] = {
    let all = ClientDialect.allCases.flatMap { client in Dialect.allCases.map { (client: client, provider: $0) } }
    guard let only = getenv("FUZZ_DIALECT").map({ String(cString: $0) }) else { return all }
    let some = all.filter { $0.client.rawValue == only || $0.provider.rawValue == only }
    guard !some.isEmpty else { fatalError("no dialect is called '\(only)'") }
    return some
}()

/// libFuzzer's entry for dialects: whatever a client asks or a provider answers, nothing stops; a request that can be translated
/// is one of the other dialect, and an answer that was is legal in the client's, however it was cut.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDialects(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // The first byte says what the rest is, and how large its pieces are.
    guard let choice = bytes.first else { return 0 }
    let body = Array(bytes.dropFirst())
    let (client, provider) = pairs[Int(choice) % pairs.count]
    let size = Int(choice) / pairs.count + 1
    ask(body, client, provider)
    answer(body, client, provider)
    stream(body, client, provider, piece: size)
    inspect(body)
    return 0
}

/// A local server that gives the same answer to whatever it is asked.
private func inspect(_ body: [UInt8]) {
    for kind in [ServerKind.ollama, .vllm, .sglang, .llamaCpp] {
        var inspection = ServerInspection(kind, prefix: "/v1", wanted: ["m"])
        var left = 16
        while inspection.ask != nil, inspection.take(status: 200, body) == nil { left -= 1 }
        let reading = inspection.reading
        guard left >= 0, reading == reading.bounded else { fatalError("a reading without bounds") }
        _ = reading.model(for: nil, before: nil)
    }
}

private func ask(_ body: [UInt8], _ client: ClientDialect, _ provider: Dialect) {
    embed(body, client, provider)
    guard let view = viewed(body, client), client.provider != provider,
        let chat = try? client.chat(from: view),
        let made = try? provider.request(chat, model: "m", stream: view.stream)
    else { return }
    guard let other = ClientDialect.allCases.first(where: { $0.provider == provider }) else { return }
    // What it says inside is for RoundTripTests: some values pass one reader that the other refuses.
    guard let again = viewed(made.body, other), again.model == "m" else {
        fatalError("a translated request is none of its dialect")
    }
    _ = try? other.chat(from: again)
}

/// As its address has it, where the model stands there.
private func viewed(
    _ body: [UInt8],
    _ client: ClientDialect,
    _ operation: ModelOperation = .chat
) -> RequestView? {
    let form: RequestAddress.Form = operation == .embeddings ? .batch : .events
    let address = client == .gemini ? RequestAddress(model: "m", form: form) : nil
    return try? RequestView(body: body, dialect: client, operation: operation, address: address)
}

private func embed(_ body: [UInt8], _ client: ClientDialect, _ provider: Dialect) {
    guard let view = viewed(body, client, .embeddings) else { return }
    if client == .gemini { _ = Gemini.upstreamBody(view, model: "m", amongOthers: true) }
    guard let ask = try? client.embedding(from: view), let made = try? provider.embeddingRequest(ask, model: "m")
    else { return }
    guard (try? JSONDocument(made.body)) != nil else { fatalError("a translated request is no JSON") }
    guard let answer = try? provider.embeddings(from: body, of: ask.texts.count) else { return }
    guard (try? JSONDocument(client.body(of: answer, to: view), limits: .answer)) != nil else {
        fatalError("a translated answer is no JSON")
    }
}

private func answer(_ body: [UInt8], _ client: ClientDialect, _ provider: Dialect) {
    for operation in [ModelOperation.chat, .imageGeneration] { _ = provider.observed(answer: body, to: operation) }
    let error = ClientError(provider.error(status: 400, body: body))
    guard (try? JSONDocument(client.body(of: error, id: "i"))) != nil else { fatalError("an error is no JSON") }
    guard let answer = try? provider.answer(from: body) else { return }
    let told = client.answer(answer, AnswerTerms(decision: "i", model: "m", created: 1))
    guard (try? client.provider.answer(from: told)) != nil else { fatalError("a translated answer is none") }
}

private func stream(_ body: [UInt8], _ client: ClientDialect, _ provider: Dialect, piece: Int) {
    let asked = terms(client, isPlain: !piece.isMultiple(of: 2))
    let (whole, isWhole) = relay(body, client, provider, asked, piece: max(body.count, 1))
    let (cut, isCut) = relay(body, client, provider, asked, piece: piece)
    // What follows bytes that are no stream depends on where they were cut.
    guard isWhole, isCut else { return }
    guard lines(whole) == lines(cut) else { fatalError("cutting the stream changed it") }
    if asked.isArray {
        // Events may be as deep as is allowed, and stand one level deeper here.
        var limits = JSONLimits.answer
        limits.depth += 1
        guard (try? JSONDocument(whole, limits: limits)) != nil else { fatalError("an array in pieces is none") }
    } else if client.provider != provider {
        let plain = terms(client, isPlain: true)
        let again = relay(whole, client, client.provider, plain, piece: whole.count)
        guard again.bytes == whole else { fatalError("no stream of its dialect") }
    }
}

/// What a request may ask of its answer's stream.
private func terms(_ client: ClientDialect, isPlain: Bool) -> AnswerTerms {
    var terms = AnswerTerms(decision: "i", model: "m", created: 1)
    guard !isPlain else { return terms }
    switch client {
    case .gemini: terms.isArray = true
    case .mistral: terms.tellsCallsWhole = true
    case .responses:
        terms.echo = Array(#"{"temperature":1"#.utf8)
        let names = Responses.Names(KeyedHash(key0: 0, key1: 1), member: 2, key: "k")
        terms.retelling = Responses.Retelling(names: names, keeps: true)
    case .openai, .anthropic, .ollama: break
    }
    return terms
}

private func relay(
    _ body: [UInt8],
    _ client: ClientDialect,
    _ provider: Dialect,
    _ terms: AnswerTerms,
    piece: Int
) -> (bytes: [UInt8], isStream: Bool) {
    var relay = AnswerStream(from: provider, to: client, terms)
    var (meter, bytes, end) = (Meter(), [UInt8](), End.none)
    do {
        for start in stride(from: 0, to: body.count, by: max(piece, 1)) where end == .none {
            let pieces = try relay.feed(Array(body[start..<min(start + piece, body.count)]), into: &meter)
            end = pass(pieces, to: &bytes)
        }
        if end == .none { end = pass(try relay.finish(into: &meter), to: &bytes) }
        // An array is closed, whatever ended it.
        guard terms.isArray, end != .done else { return (bytes, true) }
        let missing = end == .none ? relay.missingEnd(into: &meter) : nil
        bytes += missing ?? client.event(ofError: Array("{}".utf8), isArray: true, isFirst: bytes.isEmpty)[...]
        return (bytes, true)
    } catch {
        return (bytes, false)
    }
}

private enum End { case none, done, error }

/// As `Exchange` has it: nothing is passed on behind the mark of the end, nor of an error.
private func pass(_ pieces: [AnswerPiece], to bytes: inout [UInt8]) -> End {
    for piece in pieces {
        guard piece.error == nil else { return .error }
        bytes += piece.bytes
        if piece.isDone { return .done }
    }
    return .none
}

/// With LF for every line's end. A CR ends a line, and where the LF behind it comes later, it comes with the next event, which may
/// be held back or told anew: to a reader that is all one.
private func lines(_ bytes: [UInt8]) -> [UInt8] {
    var lines: [UInt8] = []
    var last: UInt8 = 0
    for byte in bytes {
        if byte != 0x0A || last != 0x0D { lines.append(byte == 0x0D ? 0x0A : byte) }
        last = byte
    }
    return lines
}
