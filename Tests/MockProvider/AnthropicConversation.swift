import LabText

/// Do the tool uses of a conversation and their results match, as Anthropic wants it? It begins with the user; the message after a
/// tool use is the user's and begins with one result for each.
enum AnthropicConversation {
    static func check(_ messages: [JSON]) throws(Refusal) {
        guard let first = messages.first else { throw wrong("messages: at least one message is required") }
        guard first["role"]?.string == "user" else { throw wrong("messages: the first must be the user's") }
        var open: [String] = []
        for (index, message) in messages.enumerated() {
            let blocks = message["content"]?.elements ?? []
            let results = blocks.filter { $0["type"]?.string == "tool_result" }.compactMap { $0["tool_use_id"]?.string }
            try match(results, with: open, at: index)
            try checkOrder(blocks, at: index)
            try checkTexts(message, blocks, at: index)
            for block in blocks { try check(block, at: index) }
            open = blocks.filter { $0["type"]?.string == "tool_use" }.compactMap { $0["id"]?.string }
        }
        guard open.isEmpty else {
            throw wrong("messages: tool_use without a tool_result: \(open.joined(separator: ", "))")
        }
    }

    private static func match(_ results: [String], with open: [String], at index: Int) throws(Refusal) {
        if let stranger = results.first(where: { !open.contains($0) }) {
            throw wrong("messages.\(index): tool_result for '\(stranger)', which was not used just before")
        }
        guard Set(results).count == results.count else {
            throw wrong("messages.\(index): two results for one tool_use")
        }
        if let missing = open.first(where: { !results.contains($0) }) {
            throw wrong("messages.\(index): tool_use '\(missing)' has no tool_result here")
        }
    }

    private static func checkOrder(_ blocks: [JSON], at index: Int) throws(Refusal) {
        let isResult = blocks.map { $0["type"]?.string == "tool_result" }
        if isResult.contains(true) && isResult.drop(while: { $0 }).contains(true) {
            throw wrong("messages.\(index): tool_result blocks come first")
        }
    }

    private static func checkTexts(_ message: JSON, _ blocks: [JSON], at index: Int) throws(Refusal) {
        if message["content"]?.string == "" || message["content"]?.elements == [] {
            throw wrong("messages.\(index): content must not be empty")
        }
        if blocks.contains(where: { $0["type"]?.string == "text" && $0["text"]?.string == "" }) {
            throw wrong("messages.\(index): text blocks must not be empty")
        }
    }

    /// Images must be seen, thoughts be ours, and calls have names of plain characters.
    private static func check(_ block: JSON, at index: Int) throws(Refusal) {
        switch block["type"]?.string {
        case "image":
            let source = block["source"]
            let isKnown = source?["media_type"]?.string.map(Picture.types.contains) ?? false
            let isData = isKnown && source?["data"]?.string.map(Picture.isBase64) ?? false
            guard isData || source?["url"]?.string.map(Picture.isAddress) ?? false else {
                throw wrong("messages.\(index): an image is an address of the web or base64 of a known type")
            }
        case "thinking":
            guard block["signature"]?.string == AnthropicDialect.signature(of: block["thinking"]?.string ?? "") else {
                throw wrong("messages.\(index): Invalid `signature` in `thinking` block")
            }
        case "tool_use":
            guard block["id"]?.string.map(ToolName.isValid) ?? false else {
                throw wrong("messages.\(index): tool_use ids match ^[a-zA-Z0-9_-]+$")
            }
        default: break
        }
    }

    private static func wrong(_ message: String) -> Refusal {
        Refusal(status: 400, message: message)
    }
}
