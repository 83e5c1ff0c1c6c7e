/// What does the head of a form's part say? Only what every reader understands alike: a field's name that one reader takes for another's
/// would be looked at by us and obeyed by nobody, or the other way round.
package struct MultipartPart: Hashable, Sendable {
    /// The field's name.
    package let name: String
    /// Whether it is a file, which has a name of its own.
    package let isFile: Bool
    /// Where what it holds stands in the body, counted from its first byte.
    package internal(set) var body: Range<Int>

    /// Of a field's name, in bytes.
    private static let longestName = 128

    /// - Parameters:
    ///   - head: the lines, without the blank one.
    ///   - start: where what it holds begins.
    init(head: ArraySlice<UInt8>, start: Int) throws(MultipartError) {
        var disposition: String?
        for line in try Self.lines(head) {
            let (name, value) = try Self.field(line)
            switch name {
            case "content-disposition":
                guard disposition == nil else { throw .disposition }
                disposition = value
            case "content-transfer-encoding":
                guard ["7bit", "8bit", "binary"].contains(value.lowercased()) else { throw .encoded }
            default: break
            }
        }
        guard let disposition else { throw .disposition }
        (name, isFile) = try Self.names(disposition)
        body = start..<start
    }

    private static func names(_ text: String) throws(MultipartError) -> (name: String, isFile: Bool) {
        var parameters = HeadParameters(text)
        guard parameters.value == "form-data" else { throw .disposition }
        var names: [String] = []
        var (files, foreign) = (0, 0)
        while let (name, value) = parameters.next() {
            switch name {
            case "name": names.append(value)
            case "filename": files += 1
            // Beside the plain one, or instead of it where that has no letters for it: most readers see a file then.
            case "filename*": foreign += 1
            // Extended, continued or unknown to the form (RFC 7578 §4.2).
            default: throw .disposition
            }
        }
        guard !parameters.isBroken, names.count == 1, files <= 1, foreign <= 1, isPlain(names[0]) else {
            throw .disposition
        }
        return (names[0], files + foreign > 0)
    }

    /// No escapes, of which there are several kinds, and nothing that cannot be seen.
    private static func isPlain(_ name: String) -> Bool {
        (1...longestName).contains(name.utf8.count)
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "%") }
    }

    private static func lines(_ head: ArraySlice<UInt8>) throws(MultipartError) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var rest = head
        while let end = rest.firstIndex(of: 0x0D) {
            guard end + 1 < rest.endIndex, rest[end + 1] == 0x0A else { throw .head }
            lines.append(rest[..<end])
            rest = rest[(end + 2)...]
        }
        guard rest.isEmpty else { throw .head }
        return lines
    }

    private static func field(_ line: ArraySlice<UInt8>) throws(MultipartError) -> (name: String, value: String) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(HeadParameters.isToken),
            line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }),
            let value = String(validating: line[(colon + 1)...], as: UTF8.self)
        else { throw .head }
        let text = value.utf8.drop { $0 == 0x20 || $0 == 0x09 }
        return (String(decoding: line[..<colon], as: UTF8.self).lowercased(), String(Substring(text)))
    }
}
