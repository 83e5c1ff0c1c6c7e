/// What stands in a form with files? Read from the whole body at once, as strictly as a provider that wants no guesses.
struct MediaForm: Sendable {
    struct Part: Sendable {
        var name: String
        var file: String?
        var bytes: ArraySlice<UInt8>
        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    var parts: [Part] = []

    /// The form that a request brings.
    init(_ request: Request) throws(Refusal) {
        let mark = "multipart/form-data; boundary="
        guard let type = request.header("content-type"), type.hasPrefix(mark) else {
            throw Refusal(status: 400, message: "The content-type must be multipart/form-data with its boundary.")
        }
        let boundary = Array("\r\n--\(type.dropFirst(mark.count))".utf8)
        var rest = (Array("\r\n".utf8) + request.body)[...]
        guard rest.starts(with: boundary) else { throw Self.broken("does not begin with its boundary") }
        rest = rest.dropFirst(boundary.count)
        while rest.starts(with: [0x0D, 0x0A]) {
            guard let end = Self.end(of: rest, boundary) else { throw Self.broken("has no end") }
            parts.append(try Self.part(rest[rest.startIndex + 2..<end]))
            rest = rest[(end + boundary.count)...]
        }
        guard rest.elementsEqual("--\r\n".utf8) else { throw Self.broken("has something behind a boundary") }
    }

    /// A file that is too large to be searched is taken to be the last part.
    private static func end(of bytes: ArraySlice<UInt8>, _ boundary: [UInt8]) -> Int? {
        guard bytes.count > largest else { return place(of: boundary, in: bytes) }
        let last = bytes.endIndex - boundary.count - 4
        return place(of: boundary, in: bytes.prefix(4096)) ?? (bytes[last...].starts(with: boundary) ? last : nil)
    }

    private static let largest = 4 << 20

    private static func broken(_ why: String) -> Refusal { Refusal(status: 400, message: "The form \(why).") }

    private static func part(_ bytes: ArraySlice<UInt8>) throws(Refusal) -> Part {
        guard let blank = place(of: Array("\r\n\r\n".utf8), in: bytes) else {
            throw broken("has a part without a head")
        }
        let head = String(decoding: bytes[..<blank], as: UTF8.self)
        guard head.hasPrefix("Content-Disposition: form-data; name=\"") else {
            throw broken("has a part without a name: \(head)")
        }
        let words = head.split(separator: "\"", omittingEmptySubsequences: false)
        let file = words.count > 3 && words[2] == "; filename=" ? String(words[3]) : nil
        return Part(name: String(words[1]), file: file, bytes: bytes[(blank + 4)...])
    }

    private static func place(of word: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        var start = bytes.startIndex
        while let place = bytes[start...].firstIndex(of: word[0]), bytes.endIndex - place >= word.count {
            if bytes[place..<place + word.count].elementsEqual(word) { return place }
            start = place + 1
        }
        return nil
    }

    /// The values of a field.
    func texts(_ name: String) -> [String] { parts.filter { $0.name == name && $0.file == nil }.map(\.text) }

    /// The one value of a field.
    func text(_ name: String) -> String? { texts(name).first }

    /// The files of a field, be there one or a list of them.
    func files(_ name: String) -> [Part] {
        parts.filter { ($0.name == name || $0.name == name + "[]") && $0.file != nil }
    }

    /// Refuses what the provider has no field for, and fields that stand there twice.
    func check(fields: [String], lists: [String] = [], files: [String]) throws(Refusal) {
        for part in parts {
            let plain = part.name.hasSuffix("[]") ? String(part.name.dropLast(2)) : part.name
            let isKnown = part.file == nil ? fields.contains(part.name) || lists.contains(plain) : files.contains(plain)
            guard isKnown else {
                throw Refusal(
                    status: 400,
                    message: "Unknown parameter: '\(part.name)'.",
                    field: part.name,
                    code: "unknown_parameter"
                )
            }
            guard part.file != nil || lists.contains(plain) || texts(part.name).count == 1 else {
                throw Refusal(status: 400, message: "'\(part.name)' stands there twice.", field: part.name)
            }
        }
    }
}
