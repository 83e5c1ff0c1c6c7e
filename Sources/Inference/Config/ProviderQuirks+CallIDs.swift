/// How does a provider that wants names of calls of one length get those of others? Mistral's servers take nine letters and digits; in a
/// conversation that began elsewhere the names are another provider's, or ours.
import NetTypes
import Wire

extension ProviderQuirks {
    /// A request of OpenAI's dialect with names of calls that the provider takes: the same one for the same, whenever it is sent again.
    func withFitCalls(_ body: [UInt8]) -> [UInt8] {
        guard let callIDs, let document = try? JSONDocument(body, limits: .request),
            let fit = document["messages"]?.rewritten({ Self.fate(of: $0, callIDs) })
        else { return body }
        return (try? document.applying([.set("messages", fit)])) ?? body
    }

    private static func fate(of message: JSONView, _ length: Int) -> ElementFate {
        var edits: [JSONEdit] = []
        if let edit = edit(of: message, "tool_call_id", length) { edits.append(edit) }
        let calls = message["tool_calls"]?.rewritten { edit(of: $0, "id", length).map { .edited([$0]) } ?? .asItIs }
        if let calls { edits.append(.set("tool_calls", calls)) }
        return edits.isEmpty ? .asItIs : .edited(edits)
    }

    private static func edit(of value: JSONView, _ name: String, _ length: Int) -> JSONEdit? {
        guard let id = value[name]?.string, !isFit(id, length) else { return nil }
        return .set(name, Array("\"\(fit(id, length))\"".utf8))
    }

    private static func isFit(_ id: String, _ length: Int) -> Bool {
        id.utf8.count == length && id.utf8.allSatisfy(alphabet.contains)
    }

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// No secret: it is to be the same on every gateway.
    private static let hash = KeyedHash(key0: 0x6361_6C6C, key1: 0x6964)

    private static func fit(_ id: String, _ length: Int) -> String {
        let seed = hash.hash(id)
        let digits = (0..<length).map { alphabet[Int(hash.hash(seed, UInt64($0)) % UInt64(alphabet.count))] }
        return String(decoding: digits, as: UTF8.self)
    }
}
