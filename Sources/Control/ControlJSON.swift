/// How are the values of the control API written as JSON? One way for the client, the daemon and `--json`: keys sorted, so that
/// the same answer is the same text.
import FoundationEssentials

package enum ControlJSON {
    /// One line without blanks.
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        [UInt8](try encoder([.sortedKeys, .withoutEscapingSlashes]).encode(value))
    }

    /// For people: one member a line.
    package static func pretty(_ value: some Encodable) throws -> String {
        let bytes = try encoder([.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]).encode(value)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Throws: `DecodingError` when the bytes are no JSON or not of this shape.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    private static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        return encoder
    }
}
