/// One block of an event stream, from the first line to the blank line that ends it.
package struct ServerSentEvent: Equatable, Sendable {
    /// The event's name; empty if the block gives none (which browsers call `message`).
    package let name: String
    /// The data lines, joined with line feeds; nil if there is none. A block without data is no event for a reader by the
    /// standard: a comment, most often, to keep the connection warm.
    package let data: [UInt8]?
    /// The block exactly as it came, with its blank line, and with the LF of a CRLF whose CR ended the block before.
    package let raw: ArraySlice<UInt8>

    /// The same with the blank line that its end lacks.
    package var closed: ServerSentEvent {
        ServerSentEvent(name: name, data: data, raw: raw + [0x0A, 0x0A])
    }

    /// Of what was left at the end, the LF of a CRLF whose CR ended the block before; nil: there is none.
    package var lineEndBefore: ServerSentEvent? {
        raw.first == 0x0A ? ServerSentEvent(name: "", data: nil, raw: raw.prefix(1)) : nil
    }

    /// Whether two blocks say the same, however the bytes were cut into pieces before.
    package static func == (one: ServerSentEvent, other: ServerSentEvent) -> Bool {
        one.name == other.name && one.data == other.data && one.raw.elementsEqual(other.raw)
    }
}

/// What is known so far of the block that is being read.
struct Draft: Sendable {
    private var name = ""
    private var data: [UInt8]?

    /// Takes one line in. Comments, `id`, `retry` and unknown fields change nothing that we use.
    mutating func take(_ line: ArraySlice<UInt8>) {
        guard let (field, value) = Self.split(line) else { return }
        if field.elementsEqual("data".utf8) {
            add(value)
        } else if field.elementsEqual("event".utf8) {
            name = String(decoding: value, as: UTF8.self)
        }
    }

    func event(raw: ArraySlice<UInt8>) -> ServerSentEvent {
        ServerSentEvent(name: name, data: data, raw: raw)
    }

    private mutating func add(_ line: ArraySlice<UInt8>) {
        guard data != nil else {
            data = Array(line)
            return
        }
        data?.append(0x0A)
        data?.append(contentsOf: line)
    }

    /// Field and value, parted by the first colon and one blank after it. Nil for a comment.
    private static func split(_ line: ArraySlice<UInt8>) -> (field: ArraySlice<UInt8>, value: ArraySlice<UInt8>)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return (line, line[line.endIndex...]) }
        guard colon > line.startIndex else { return nil }
        let value = line[(colon + 1)...]
        return (line[..<colon], value.first == 0x20 ? value.dropFirst() : value)
    }
}
