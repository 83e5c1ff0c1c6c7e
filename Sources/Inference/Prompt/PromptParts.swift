/// What is a prompt made of? Looked up in the request as it came, in the words of each dialect, without decoding it as a whole.
import Wire

package enum PromptParts {
    /// Bytes of the prompt's end that a language or code is looked for in: people say what they want last.
    package static let lastBytes = 8192
    /// Messages from the end that these bytes are taken of.
    static let lastMessages = 16

    /// What was said, in whichever dialect.
    static func messages(_ request: JSONDocument) -> JSONView {
        request["messages"] ?? request["contents"] ?? items(request) ?? request.root
    }

    /// Items of the Responses API; what is to be embedded has the same name, and is no list of objects.
    private static func items(_ request: JSONDocument) -> JSONView? {
        guard let input = request["input"], input.kind == .array else { return nil }
        return input.elements.first { _ in true }?.kind == .object ? input : nil
    }

    /// What was said is one text.
    static func onlyText(_ request: JSONDocument) -> JSONView? {
        request["input"].flatMap { $0.kind == .string ? $0 : nil }
    }

    /// What one of them says.
    static func content(_ message: JSONView) -> JSONView? {
        message["content"] ?? message["parts"] ?? message["output"]
    }

    /// What stands before the conversation.
    static func system(_ request: JSONDocument) -> JSONView? {
        request["system"] ?? request["instructions"] ?? request.either("systemInstruction")
    }

    /// Whether the answer shall follow a schema: OpenAI's `response_format` or `text.format`, Anthropic's `output_format` or
    /// `output_config`, Gemini's
    /// `responseSchema` or `responseJsonSchema`, Ollama's `format`.
    static func wantsSchema(_ request: JSONDocument) -> Bool {
        if let settings = request.either("generationConfig") {
            return settings.either("responseSchema") ?? settings.either("responseJsonSchema") != nil
        }
        if request["format"]?.kind == .object { return true }
        let form =
            request["response_format"] ?? request["text"]?["format"] ?? request["output_format"]
            ?? request["output_config"]?["format"]
        return form?["type"]?.string == "json_schema"
    }

    /// Whether the model shall think before it answers: OpenAI's `reasoning_effort` or `reasoning.effort`, Anthropic's `thinking`,
    /// Gemini's `thinkingConfig`,
    /// Ollama's `think`.
    static func wantsThinking(_ request: JSONDocument) -> Bool {
        if let settings = request.either("generationConfig")?.either("thinkingConfig") {
            return settings.either("thinkingBudget")?.unsigned != 0
        }
        if let think = request["think"] { return think.bool ?? (think.kind == .string) }
        let effort = request["reasoning_effort"] ?? request["reasoning"]?["effort"]
        if let word = effort?.string { return word != "none" }
        guard let type = request["thinking"]?["type"]?.string else { return false }
        return type != "disabled"
    }

    /// Bytes of the prompt that are no text: what escapes take beyond what they stand for, and what is shown or attached, which stands
    /// for far fewer tokens than text of that length.
    static func bytesBesideText(_ request: JSONDocument) -> Int {
        let written = [messages(request), system(request), request["tools"]].compactMap(\.self)
        return written.reduce(mediaBytes(request)) { $0 + $1.raw.count - $1.unescapedCount }
    }

    /// Of what is shown or attached, in text that needs no escapes.
    static func mediaBytes(_ request: JSONDocument) -> Int {
        messages(request).elements.reduce(request["images"]?.unescapedCount ?? 0) { bytes, message in
            let bytes = bytes + (message["images"]?.unescapedCount ?? 0)
            return (content(message)?.elements).map { parts in parts.reduce(bytes) { $0 + mediaBytes(in: $1) } }
                ?? bytes
        }
    }

    private static func mediaBytes(in part: JSONView) -> Int {
        if let kind = Modalities(ofPart: part) { return kind == .text ? 0 : part.unescapedCount }
        // What a tool showed.
        return part["content"]?.elements.reduce(0) {
            Modalities(ofPart: $1) == .text ? $0 : $0 + mediaBytes(in: $1)
        } ?? 0
    }

    /// The end of what was said, as UTF-8, at most `lastBytes`: by everybody, or by one role alone.
    static func lastWords(_ request: JSONDocument, of role: String?) -> [UInt8] {
        if let text = onlyText(request), role ?? "user" == "user" {
            return PromptText.end(of: text.raw, bytes: lastBytes)
        }
        var last: [JSONView] = []
        for message in messages(request).elements
        where role == nil || message["role"]?.string ?? "user" == role {
            if last.count == lastMessages { last.removeFirst() }
            last.append(message)
        }
        var pieces: [[UInt8]] = []
        var room = lastBytes
        for message in last.reversed() where room > 0 {
            guard let content = content(message) else { continue }
            for text in texts(content).reversed() where room > 0 {
                let piece = PromptText.end(of: text.raw, bytes: room)
                room -= piece.count
                pieces.append(piece)
            }
        }
        return Array(pieces.reversed().joined(separator: [0x0A]))
    }

    private static func texts(_ content: JSONView) -> [JSONView] {
        if content.kind == .string { return [content] }
        return content.elements.compactMap { part in
            guard let text = part["text"], text.kind == .string else { return nil }
            return text
        }
    }
}
