import LabText
import Synchronization

/// What has the API kept? Answers with all that led to them, until somebody deletes them.
final class ResponseShelf: Sendable {
    struct Kept: Sendable {
        var response: JSON
        /// What was said before it, the earlier answers among it.
        var items: [JSON]
    }

    /// More are never made in a test; the oldest go.
    private static let most = 10_000

    private let kept = Mutex<[(id: String, kept: Kept)]>([])

    func put(_ id: String, _ response: Kept) {
        kept.withLock { kept in
            if kept.count >= ResponseShelf.most { kept.removeFirst() }
            kept.append((id, response))
        }
    }

    func get(_ id: String) -> Kept? { kept.withLock { $0.last { $0.id == id }?.kept } }

    /// Whether there was one.
    func remove(_ id: String) -> Bool {
        kept.withLock { kept in
            let before = kept.count
            kept.removeAll { $0.id == id }
            return kept.count < before
        }
    }
}

extension ResponsesDialect {
    static let prefix = "/v1/responses/"

    /// `ID`, `ID/cancel`, `ID/input_items`.
    func kept(_ request: Request, number: Int) throws(Refusal) -> Elsewhere? {
        let path = String(request.path.prefix { $0 != "?" })
        guard path.hasPrefix(Self.prefix) else { return nil }
        let segments = path.dropFirst(Self.prefix.count).split(separator: "/").map(String.init)
        guard let id = segments.first, id != "input_tokens" else { return nil }
        guard let kept = shelf.get(id) else {
            throw Refusal(status: 404, message: "Response with id '\(id)' not found.")
        }
        switch (request.method, segments.dropFirst().first) {
        case ("GET", nil): return Elsewhere(whole: kept.response)
        case ("DELETE", nil):
            _ = shelf.remove(id)
            return Elsewhere(whole: ["id": .string(id), "object": "response", "deleted": true])
        case ("POST", "cancel"):
            guard kept.response["background"]?.bool == true else {
                throw Refusal(status: 400, message: "Only a response in the background can be cancelled.")
            }
            return Elsewhere(whole: kept.response.replacing("status", "cancelled"))
        case ("GET", "input_items"):
            let items = kept.items.enumerated().map { Self.listed($1, at: $0) }
            return Elsewhere(whole: [
                "object": "list", "data": .array(items.reversed()), "has_more": false,
                "first_id": items.last?["id"] ?? "", "last_id": items.first?["id"] ?? "",
            ])
        default: throw Refusal(status: 405, message: "There is no \(request.method) here.")
        }
    }

    /// With a name, and its text as a part.
    private static func listed(_ item: JSON, at place: Int) -> JSON {
        var item = item["id"] == nil ? item.adding("id", .string("item_\(place)")) : item
        if let text = item["content"]?.string {
            item = item.replacing("content", [["type": "input_text", "text": .string(text)]])
        }
        return item["type"] == nil ? item.adding("type", "message") : item
    }

    /// All that the model is to read, earlier answers and what led to them first.
    func conversation(_ body: JSON) throws(Refusal) -> [JSON] {
        var items: [JSON] = []
        if let previous = body["previous_response_id"]?.string {
            guard let kept = shelf.get(previous) else {
                throw wrong(
                    "previous_response_id",
                    "Previous response with id '\(previous)' not found.",
                    code: "previous_response_not_found"
                )
            }
            items = kept.items + (kept.response["output"]?.elements ?? [])
        }
        let before = items.count
        if let text = body["input"]?.string {
            items.append(["type": "message", "role": "user", "content": .string(text)])
        }
        items += body["input"]?.elements ?? []
        guard items.count > before else { throw wrong("input", "'input' is empty.") }
        for (index, item) in items.enumerated().dropFirst(before) { try check(item, "input[\(index - before)]") }
        try checkCalls(items)
        return items
    }

    /// What this provider would have to have kept, or sealed.
    private func check(_ item: JSON, _ place: String) throws(Refusal) {
        switch item["type"]?.string {
        case "item_reference":
            throw wrong("input", "Item with id '\(item["id"]?.string ?? "")' (item_reference) not found.", status: 404)
        case "reasoning":
            guard let sealed = item["encrypted_content"]?.string else {
                throw wrong("input", "Item with id '\(item["id"]?.string ?? "")' not found.", status: 404)
            }
            guard sealed == seal else {
                throw wrong(place, "The encrypted content could not be verified.", code: "invalid_encrypted_content")
            }
        default:
            for part in item["content"]?.elements ?? [] {
                guard let url = part["image_url"]?.string else { continue }
                guard Picture.isAddress(url) || Picture.isData(url) else {
                    throw wrong(place, "An image is an address of the web or base64 of a known type.")
                }
            }
        }
    }

    /// Stands for a thought that nobody else can open.
    var seal: String { "sealed-by-\(name)" }

    private func checkCalls(_ items: [JSON]) throws(Refusal) {
        var open: [String] = []
        for item in items {
            let id = item["call_id"]?.string ?? ""
            switch item["type"]?.string {
            case "function_call": open.append(id)
            case "function_call_output":
                guard let place = open.firstIndex(of: id) else {
                    throw wrong("input", "No tool call found for function call output with call_id \(id).")
                }
                open.remove(at: place)
            default: break
            }
        }
        guard open.isEmpty else {
            throw wrong("input", "No tool output found for function call \(open.joined(separator: ", ")).")
        }
    }

    func elsewhere(_ path: String, _ body: JSON, number: Int) throws(Refusal) -> Elsewhere? {
        guard path == Self.prefix + "input_tokens" else { return nil }
        try check(body, ResponsesShape.counting)
        _ = try model(of: body)
        let tokens = OpenAIDialect.tokens(Self.characters(try conversation(body)))
        return Elsewhere(whole: ["object": "response.input_tokens", "input_tokens": .integer(tokens)])
    }
}
