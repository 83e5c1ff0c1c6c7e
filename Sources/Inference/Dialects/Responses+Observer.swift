import Wire

/// What does a stream of the Responses API tell while it passes through unchanged?
extension Responses {
    /// Watches a stream that passes through.
    package struct StreamObserver: Sendable {
        private var reader = EventStreamReader()
        private let retelling: Retelling?

        /// A stream that has not begun.
        /// - Parameter retelling: how its names are told; nil: as they are.
        package init(_ retelling: Retelling? = nil) { self.retelling = retelling }

        /// Takes bytes in and gives what they complete, block by block.
        /// - Throws: when a block is larger than anything a provider sends.
        package mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [Observed] {
            reader.append(bytes.span.bytes)
            var observed: [Observed] = []
            while let event = try reader.nextOfProvider() { observed.append(look(at: event)) }
            return observed
        }

        /// What is left when the provider has closed the stream: some leave the last blank line out.
        package mutating func finish() -> Observed? { reader.lastOfProvider().map(look) }

        private func look(at event: ServerSentEvent) -> Observed {
            var observed = Observed(raw: event.raw)
            guard let data = event.data else { return observed }
            observed.look(into: data) {
                if let told = retelling?.event(event, $1) { $0.raw = told[...] }
                $0.look(atResponseEvent: $1)
            }
            return observed
        }
    }
}

extension Observed {
    /// Reads one event. Types that we do not know may be added at any time, and pass.
    fileprivate mutating func look(atResponseEvent document: JSONDocument) {
        guard let type = document["type"]?.string else { return }
        switch type {
        case "response.completed", "response.incomplete":
            guard let response = document["response"] else { return }
            usage = Responses.usage(of: response)
            finish = Responses.finish(of: response, hasCalls: Responses.hasCalls(response))
            (isMeaningful, isDone) = (true, true)
        case "response.failed", "error": error = Responses.failure(ofEvent: document)
        case "response.output_item.added":
            // Words follow in pieces; a call has its name.
            isMeaningful = document["item"]?["type"]?.string.map { $0 != "message" && $0 != "reasoning" } ?? false
        case "response.created", "response.in_progress", "response.queued", "response.content_part.added": break
        default: isMeaningful = true
        }
    }
}
