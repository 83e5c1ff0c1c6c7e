import Wire

/// What does a stream of this dialect tell while it passes through unchanged?
extension OpenAI {
    /// Watches a stream that passes through.
    package struct StreamObserver: Sendable {
        private var reader = EventStreamReader()
        private let includeUsage: Bool
        /// Whether the mark of a proper end has been seen.
        package private(set) var isComplete = false

        /// - Parameter includeUsage: whether the client asked for the usage; otherwise the chunk with it is held back.
        package init(includeUsage: Bool) {
            self.includeUsage = includeUsage
        }

        /// Takes bytes in and gives what they complete, block by block.
        /// - Throws: when a block is larger than anything a provider sends.
        package mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [Observed] {
            reader.append(bytes.span.bytes)
            var observed: [Observed] = []
            while let event = try reader.nextOfProvider() { observed.append(look(at: event)) }
            return observed
        }

        /// What is left when the provider has closed the stream: some leave the last blank line out.
        package mutating func finish() -> Observed? {
            reader.lastOfProvider().map { look(at: $0) }
        }

        private mutating func look(at event: ServerSentEvent) -> Observed {
            var observed = Observed(raw: event.raw)
            guard let data = event.data else { return observed }
            if data == OpenAI.doneMark {
                observed.isDone = true
                observed.isMeaningful = true
                isComplete = true
                return observed
            }
            observed.look(into: data) {
                $0.look(at: $1)
                if $0.isUsageOnly($1), !includeUsage { $0.isForwarded = false }
            }
            return observed
        }
    }
}

extension Observed {
    /// Reads a chunk or an answer.
    mutating func look(at document: JSONDocument) {
        if let failure = OpenAI.embeddedError(document) {
            error = failure
            return
        }
        usage = OpenAI.usage(of: document)
        for choice in (document["choices"] ?? document.root).elements {
            look(at: choice)
        }
        if finish != nil { isMeaningful = true }
    }

    /// One walk: most of the bytes of an answer stand inside its choices.
    private mutating func look(at choice: JSONView) {
        var (word, delta, message): (JSONView?, JSONView?, JSONView?) = (nil, nil, nil)
        for member in choice.members {
            if member.spells("finish_reason") { word = member.value }
            if member.spells("delta") { delta = member.value }
            if member.spells("message") { message = member.value }
            // Of the old completions.
            if member.spells("text"), member.value.raw.count > 2 { isMeaningful = true }
        }
        if let word = word?.string {
            error = OpenAI.failure(ofEnd: word)
            finish = error == nil ? OpenAI.finishReason(word) : nil
        }
        if let said = delta ?? message, Self.carriesContent(said) { isMeaningful = true }
    }

    /// Whether a delta or message holds more than the role.
    private static func carriesContent(_ said: JSONView) -> Bool {
        said.members.contains { member in
            guard !member.spells("role") else { return false }
            switch member.value.kind {
            case .null: return false
            case .string: return member.value.raw.count > 2
            case .array: return member.value.elements.contains { _ in true }
            case .bool, .number, .object: return true
            }
        }
    }

    /// The chunk at the end of a stream that has the usage and nothing else.
    fileprivate func isUsageOnly(_ document: JSONDocument) -> Bool {
        guard usage != nil, let choices = document["choices"] else { return false }
        return choices.kind == .array && !choices.elements.contains { _ in true }
    }
}
