/// Which conversation does a request go on with, and is it in the middle of something? Told by the request alone, in the words of
/// each dialect.
import NetTypes
import Wire

enum Conversation {
    /// Bytes of each of its first messages that tell it from others.
    static let prefixBytes = 2048
    /// Messages before the model first speaks that are looked at.
    static let prefixMessages = 8

    /// A hash of what stays the same from turn to turn: instructions, tools and what was said before the model first spoke.
    static func prefix(_ request: JSONDocument, _ hash: KeyedHash) -> UInt64 {
        var value: UInt64 = 0
        for part in [PromptParts.system(request), request["tools"]] {
            if let part { value = hash.folding(part.raw.prefix(prefixBytes), into: value) }
        }
        if let text = PromptParts.onlyText(request) { return hash.folding(text.raw.prefix(prefixBytes), into: value) }
        for message in PromptParts.messages(request).elements.prefix(prefixMessages) {
            let role = message["role"]?.string
            if role == "assistant" || role == "tool" || role == "model" { break }
            if role == nil, isOfTurn(message) { break }
            value = hash.folding((PromptParts.content(message) ?? message).raw.prefix(prefixBytes), into: value)
        }
        return value
    }

    /// Whether it is an item of the Responses API that belongs to what the assistant said.
    private static func isOfTurn(_ item: JSONView) -> Bool {
        item["type"]?.string.map { $0 != "message" } ?? false
    }

    /// Whether its last message is what a tool answered: the model that called it waits for that.
    static func isInToolLoop(_ request: JSONDocument) -> Bool {
        var last: JSONView?
        for message in PromptParts.messages(request).elements { last = message }
        guard let last else { return false }
        let role = last["role"]?.string
        if role == "tool" || role == nil && last["type"]?.string == "function_call_output" { return true }
        return PromptParts.content(last)?.elements.contains { part in
            part["type"]?.string == "tool_result" || part.either("functionResponse") != nil
        } ?? false
    }
}

extension KeyedHash {
    /// A hash of the bytes behind what was hashed before, sixteen at a time: kilobytes are hashed for each request, and taken one by one
    /// through a generic function of another module they cost more than the whole decision.
    func folding(_ bytes: ArraySlice<UInt8>, into start: UInt64) -> UInt64 {
        let span = bytes.span.bytes
        var value = hash(start, UInt64(span.byteCount))
        var place = 0
        while place + 16 <= span.byteCount {
            value = hash(value ^ Self.word(span, at: place), Self.word(span, at: place + 8))
            place += 16
        }
        var rest: UInt128 = 0
        for byte in bytes.suffix(span.byteCount - place).reversed() { rest = rest << 8 | UInt128(byte) }
        return hash(value ^ UInt64(truncatingIfNeeded: rest), UInt64(truncatingIfNeeded: rest >> 64))
    }

    /// The same on every machine. The caller has checked that eight bytes are there.
    private static func word(_ bytes: RawSpan, at place: Int) -> UInt64 {
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
    }
}
