import Wire

/// What does a stream of Ollama's API, or a whole answer, tell while it passes through unchanged?
extension Ollama {
    /// Watches a stream that passes through.
    package struct StreamObserver: Sendable {
        private var reader = JSONLineReader()
        /// Whether the model has called a tool: the end does not say so.
        private var hasCalled = false

        /// A stream that has not begun.
        package init() {}

        /// Takes bytes in and gives what they complete, line by line.
        /// - Throws: when a line is larger than anything a provider sends.
        package mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [Observed] {
            reader.append(bytes.span.bytes)
            var observed: [Observed] = []
            while let line = try reader.nextOfProvider() { observed.append(look(at: line)) }
            return observed
        }

        /// What is left when the provider has closed the stream: the last line's end may be left out.
        package mutating func finish() -> Observed? { reader.lastOfProvider().map { look(at: $0) } }

        private mutating func look(at line: JSONLine) -> Observed {
            var observed = Observed(raw: line.raw)
            guard !line.isBlank else { return observed }
            observed.look(into: line.text) { $0.look(atOllama: $1, &hasCalled) }
            return observed
        }
    }

    /// What an answer in one piece tells while it passes through: usage, finish, or the error that a 200 hides. The bytes go
    /// on as they are.
    package static func observed(answer body: [UInt8]) -> Observed {
        var observed = Observed(raw: body[...])
        guard let document = try? JSONDocument(body, limits: .answer) else {
            observed.error = .malformed("The provider's answer is no JSON.")
            return observed
        }
        var hasCalled = false
        observed.look(atOllama: document, &hasCalled)
        observed.isDone = observed.error == nil
        return observed
    }
}

extension Observed {
    fileprivate mutating func look(atOllama document: JSONDocument, _ hasCalled: inout Bool) {
        if let failure = Ollama.embeddedError(document) {
            error = failure
            return
        }
        let piece = OllamaPiece(document)
        isMeaningful = piece.saysSomething
        if piece.calls.contains(where: { _ in true }) { hasCalled = true }
        guard document["done"]?.bool == true || !piece.isAnswer else { return }
        let report = Ollama.usage(of: document)
        if !report.isUnreported { usage = report }
        guard piece.isAnswer else { return }
        finish = Ollama.finishReason(document["done_reason"]?.string, hasCalled: hasCalled)
        isMeaningful = true
        isDone = true
    }
}
