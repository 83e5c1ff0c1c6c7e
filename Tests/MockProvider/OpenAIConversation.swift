import LabText

/// Do the tool calls of a conversation and their results match, as OpenAI wants it? After an assistant's calls comes one `tool` message for
/// each, and a `tool` message comes nowhere else.
enum OpenAIConversation {
    static func check(_ messages: [JSON]) throws(Refusal) {
        guard !messages.isEmpty else { throw wrong("messages", "'messages' is empty.") }
        var open: [String] = []
        for (index, message) in messages.enumerated() {
            let place = "messages[\(index)]"
            if message["role"]?.string == "tool" {
                let id = message["tool_call_id"]?.string ?? ""
                guard let at = open.firstIndex(of: id) else {
                    throw wrong("\(place).tool_call_id", "No tool call '\(id)' came just before this result.")
                }
                open.remove(at: at)
                continue
            }
            guard open.isEmpty else {
                throw wrong(place, "Tool calls without a result: \(open.joined(separator: ", ")).")
            }
            try checkImages(of: message, at: place)
            open = try calls(of: message, at: place)
        }
        guard open.isEmpty else {
            throw wrong("messages", "Tool calls without a result: \(open.joined(separator: ", ")).")
        }
    }

    private static func checkImages(of message: JSON, at place: String) throws(Refusal) {
        for part in message["content"]?.elements ?? [] {
            guard let url = part["image_url"]?["url"]?.string else { continue }
            guard Picture.isAddress(url) || Picture.isData(url) else {
                throw wrong("\(place).content", "An image is an address of the web or base64 of a known type.")
            }
        }
    }

    private static func calls(of message: JSON, at place: String) throws(Refusal) -> [String] {
        guard message["role"]?.string == "assistant" else { return [] }
        let calls = message["tool_calls"]?.elements
        if calls == [] { throw wrong("\(place).tool_calls", "'tool_calls' is empty.") }
        if calls == nil, message["content"] == nil || message["content"] == .null {
            throw wrong("\(place).content", "An assistant says something or calls tools.")
        }
        for call in calls ?? [] {
            guard let text = call["function"]?["arguments"]?.string else { continue }
            guard (try? JSON.parse(text))?.members != nil else {
                throw wrong("\(place).tool_calls", "Arguments that are no JSON object: \(text)")
            }
        }
        return (calls ?? []).compactMap { $0["id"]?.string }
    }

    private static func wrong(_ field: String, _ message: String) -> Refusal {
        Refusal(status: 400, message: message, field: field)
    }
}
