import Wire

/// How do names of responses and sealed thoughts reach the client, so that they lead back to the member that made them? Everything else
/// of the answer passes byte by byte.
extension Responses {
    package struct Retelling: Sendable {
        let names: Names
        /// Whether the provider may keep responses; the names of others lead nowhere, and stay what they are.
        let keeps: Bool
        /// The response that the client has named: it is told by that name, also where it stands in words.
        var named: Named?

        /// An answer in one piece: a response, what is left of one that was deleted, or a list of items.
        func whole(_ body: [UInt8]) -> [UInt8] {
            guard let document = try? JSONDocument(body, limits: .answer) else { return body }
            let edits = edits(of: document.root)
            guard !edits.isEmpty else { return body }
            return (try? document.applying(edits)) ?? body
        }

        /// An event of a stream, written anew; nil: nothing of it is to be told otherwise.
        func event(_ event: ServerSentEvent, _ document: JSONDocument) -> [UInt8]? {
            guard let edit = edit(ofEvent: document), let told = try? document.applying([edit]) else { return nil }
            var bytes: [UInt8] = []
            EventStreamWriter.append(event: event.name, data: told, to: &bytes)
            return bytes
        }

        private func edit(ofEvent document: JSONDocument) -> JSONEdit? {
            if let response = document["response"], response.kind == .object {
                let edits = edits(of: response)
                return edits.isEmpty ? nil : .within("response", edits)
            }
            guard let item = document["item"], let sealed = sealed(item) else { return nil }
            return .within("item", [sealed])
        }

        private func edits(of response: JSONView) -> [JSONEdit] {
            var edits: [JSONEdit] = []
            // What is not kept leads nowhere, whatever name it has.
            if keeps, response["store"]?.bool != false {
                for name in ["id", "previous_response_id"] {
                    guard let id = response[name]?.string, let told = told(id) else { continue }
                    edits.append(.set(name, Responses.quoted(told)))
                }
            }
            for name in ["output", "data"] {
                if let items = response[name], let told = told(items) { edits.append(.set(name, told)) }
            }
            return edits
        }

        private func told(_ id: String) -> String? { id == named?.own ? named?.told : names.told(id) }

        /// The items with marks on what is sealed; nil when nothing is.
        private func told(_ items: JSONView) -> [UInt8]? {
            items.rewritten { item in sealed(item).map { .edited([$0]) } ?? .asItIs }
        }

        private func sealed(_ item: JSONView) -> JSONEdit? {
            guard let thought = Responses.sealedThought(item), !thought.isEmpty else { return nil }
            return .set("encrypted_content", Responses.quoted(names.told(thought: thought)))
        }
    }

    /// One response by both of its names.
    struct Named: Hashable, Sendable {
        /// The provider's own.
        let own: String
        /// As the client knows it.
        let told: String

        /// The provider's words about what is wrong with it.
        func words(_ body: [UInt8]) -> [UInt8] {
            guard let document = try? JSONDocument(body, limits: .answer),
                let words = document["error"]?["message"]?.string, words.contains(own)
            else { return body }
            let edit = JSONEdit.set("message", Responses.quoted(words.replacing(own, with: told)))
            return (try? document.applying([.within("error", [edit])])) ?? body
        }
    }

    /// What only the provider that made it can read.
    static func sealedThought(_ item: JSONView) -> String? {
        item["type"]?.string == "reasoning" ? item["encrypted_content"]?.string : nil
    }

    static func quoted(_ text: String) -> [UInt8] {
        var writer = JSONWriter(capacity: text.utf8.count + 2)
        writer.string(text)
        return writer.bytes
    }
}
