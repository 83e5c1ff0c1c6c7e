/// Which conversation does a request go on with, and is it in the middle of something? Told by the request alone, in the words of
/// either dialect.
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
        for part in [request["system"], request["tools"]] {
            if let part { value = hash.hash(value, hash.hash(part.raw.prefix(prefixBytes))) }
        }
        for message in (request["messages"] ?? request.root).elements.prefix(prefixMessages) {
            let role = message["role"]?.string
            if role == "assistant" || role == "tool" { break }
            value = hash.hash(value, hash.hash((message["content"] ?? message).raw.prefix(prefixBytes)))
        }
        return value
    }

    /// Whether its last message is what a tool answered: the model that called it waits for that.
    static func isInToolLoop(_ request: JSONDocument) -> Bool {
        var last: JSONView?
        for message in (request["messages"] ?? request.root).elements { last = message }
        guard let last else { return false }
        if last["role"]?.string == "tool" { return true }
        return last["content"]?.elements.contains { $0["type"]?.string == "tool_result" } ?? false
    }
}
