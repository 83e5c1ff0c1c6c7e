import Wire

/// How does a request of the Responses API go on to a provider that speaks it too? What its client names by what the provider has kept
/// passes unread, but for the names that were made here.
extension Responses {
    /// What the provider may keep, and what it has.
    struct Keeping: Sendable {
        /// Whether the operator lets it keep responses.
        let isAllowed: Bool
        /// Of what this member made for the client's key.
        let names: Names
        /// The provider's own name of the response that the conversation goes on from.
        var previous: String?
    }

    /// The request with another model's name. Every other byte is the client's.
    /// - Parameter amongOthers: whether providers of other dialects may have spoken in the conversation before.
    package static func upstreamBody(_ view: RequestView, model: String, amongOthers: Bool = false) -> [UInt8] {
        view.body(model: model, plainItems(view.messages, amongOthers, nil).map { [.set("input", $0.items)] } ?? [])
    }

    /// The same with names and sealed thoughts as the member knows them, and what is left out.
    /// - Throws: the field by which the provider would have to keep something that the operator does not let it keep.
    static func upstreamBody(
        _ view: RequestView,
        model: String,
        amongOthers: Bool,
        _ keeping: Keeping
    ) throws(RequestError) -> (body: [UInt8], omissions: [String]) {
        var edits = try keptEdits(view, keeping)
        var omissions: [String] = []
        if let (items, hasLeftSealed) = plainItems(view.messages, amongOthers, keeping.names) {
            edits.append(.set("input", items))
            if hasLeftSealed { omissions.append("input.reasoning") }
        }
        // Servers of others' make take a response's name from it: it could be that of another client's.
        if view.document["request_id"] != nil {
            edits.append(.remove("request_id"))
            omissions.append("request_id")
        }
        return (view.body(model: model, edits), omissions)
    }

    /// Fields that speak of what is kept.
    private static let ofKept = ["store", "background", "previous_response_id", "conversation"]

    private static func keptEdits(_ view: RequestView, _ keeping: Keeping) throws(RequestError) -> [JSONEdit] {
        for field in ofKept {
            guard let value = view.document[field], !value.isNull, value.bool != false else { continue }
            // Names of conversations are the same for every client, and lead to none of the members.
            if !keeping.isAllowed || field == "conversation" { throw .notKept(field, keeping) }
        }
        guard keeping.isAllowed else {
            // Unsaid, it would be true.
            let mustSay = view.operation == .chat && view.document["store"]?.bool == nil
            return mustSay ? [.set("store", Array("false".utf8))] : []
        }
        return keeping.previous.map { [.set("previous_response_id", quoted($0))] } ?? []
    }

    /// The items as this member can read them; nil when they are so already.
    ///
    /// Among providers of several dialects, thoughts that nobody sealed and proofs of calls were another provider's, told by us: the API would
    /// look for them among what it has kept. What another member has sealed, no other can open.
    private static func plainItems(
        _ input: JSONView,
        _ amongOthers: Bool,
        _ names: Names?
    ) -> (items: [UInt8], hasLeftSealed: Bool)? {
        var (reader, hasLeftSealed) = (ItemReader(amongOthers: amongOthers, names: names), false)
        let items = input.rewritten { item in
            let fate = reader.fate(of: item)
            if case .left = fate, sealedThought(item) != nil { hasLeftSealed = true }
            return fate
        }
        return items.map { ($0, hasLeftSealed) }
    }

    /// Goes through a conversation's items in their order.
    private struct ItemReader {
        let amongOthers: Bool
        let names: Names?
        /// Whether a sealed thought was left out of the answer that is read: the provider wants to see it before what it led to, and knows that
        /// by the items' names.
        private var lacksThought = false

        init(amongOthers: Bool, names: Names?) { (self.amongOthers, self.names) = (amongOthers, names) }

        mutating func fate(of item: JSONView) -> ElementFate {
            if amongOthers, isForeignThought(item) { return .left }
            if let names, let thought = sealedThought(item), isMarked(thought: thought) {
                let own = names.original(ofThought: thought)
                lacksThought = own == nil
                return own.map { .edited([.set("encrypted_content", quoted($0))]) } ?? .left
            }
            if !isOfAnswer(item) { lacksThought = false }
            var edits: [JSONEdit] = []
            if lacksThought, mayLackName(item), item["id"] != nil { edits.append(.remove("id")) }
            if amongOthers, hasProof(item) { edits.append(.remove(OpenAI.foreignField)) }
            return edits.isEmpty ? .asItIs : .edited(edits)
        }
    }

    /// Whether an item is one without its name too; calls of tools that run at the provider are not.
    private static func mayLackName(_ item: JSONView) -> Bool {
        ["message", "function_call", "custom_tool_call"].contains(item["type"]?.string ?? "message")
    }

    /// Whether the model has made an item, and not the user or a tool.
    private static func isOfAnswer(_ item: JSONView) -> Bool {
        switch item["type"]?.string ?? "message" {
        case "message": item["role"]?.string == "assistant"
        case let type: type == "reasoning" || type.hasSuffix("_call")
        }
    }

    /// The last sealed thought that went through here: the text of its mark and seal tell whose it is.
    static func lastSealed(_ input: JSONView) -> String? {
        var last: String?
        for item in input.elements {
            if let thought = sealedThought(item), isMarked(thought: thought) { last = thought }
        }
        return last
    }

    private static func isForeignThought(_ item: JSONView) -> Bool {
        item["type"]?.string == "reasoning" && item["encrypted_content"]?.string == nil
            && item["content"]?.elements.contains { _ in true } ?? false
    }

    private static func hasProof(_ item: JSONView) -> Bool { item[OpenAI.foreignField] != nil }
}

extension RequestError {
    /// What a provider would have to keep.
    static func notKept(_ field: String, _ keeping: Responses.Keeping) -> RequestError {
        guard !keeping.isAllowed else {
            let text = "'conversation' is not served: name the response before in 'previous_response_id' instead."
            return RequestError(.unsupported, field, text)
        }
        let text =
            "'\(field)' needs a response that is kept, which this model's provider is not let to do ('keeps-responses: true' there would let it): send the whole conversation in 'input', and leave '\(field)' out."
        return RequestError(.unsupported, field, text)
    }

    /// A response that a client goes on from, and that nobody who may serve it has kept.
    static func noSuchResponse(_ id: String) -> RequestError {
        RequestError(
            .noSuchResponse,
            "previous_response_id",
            "Previous response with id '\(Responses.shown(id))' not found."
        )
    }
}
