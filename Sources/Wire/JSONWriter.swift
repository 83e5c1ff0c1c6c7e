/// Writes JSON by appending bytes. It sets the commas and escapes what must be; nesting rightly is up to the caller, and a
/// test of every encoder reads its output back with the scanner.
package struct JSONWriter: Sendable {
    /// What was written.
    package private(set) var bytes: [UInt8]
    /// Whether a value stands directly before, so that the next one needs a comma.
    private var followsValue = false

    /// A writer with room for `capacity` bytes.
    package init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// A writer that goes on after these bytes, which end with a whole value: what many texts begin with is written once.
    package init(continuing bytes: [UInt8]) {
        self.bytes = bytes
        followsValue = true
    }

    /// `{`
    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// `}`
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    /// `[`
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// `]`
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// A member's key; its value is what is written next.
    package mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        followsValue = false
    }

    /// A member's key of our own, in which nothing has to be escaped.
    package mutating func key(plain name: StaticString) {
        put(followsValue ? ",\"" : "\"")
        put(name)
        put("\":")
        followsValue = false
    }

    /// A member that holds a string.
    package mutating func member(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    /// A member that holds a whole number.
    package mutating func member(_ name: String, _ number: UInt64) {
        key(name)
        integer(number)
    }

    /// A member that holds a flag.
    package mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        bool(flag)
    }

    /// A member that holds JSON, byte for byte.
    package mutating func member(_ name: String, raw value: [UInt8]) {
        key(name)
        raw(value[...])
    }

    /// A string value.
    package mutating func string(_ text: String) {
        separate()
        quote(text)
        followsValue = true
    }

    /// A whole number.
    package mutating func integer(_ number: UInt64) {
        separate()
        followsValue = true
        // Twenty digits are the most that 64 bits have.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var start = digits.count
            var rest = number
            repeat {
                start -= 1
                digits.initializeElement(at: start, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            } while rest > 0 && start > 0
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }

    /// A number that is spelled already, by RFC 8259 §6.
    package mutating func number(_ text: String) { scalar(text) }

    /// `true` or `false`.
    package mutating func bool(_ flag: Bool) { scalar(flag ? "true" : "false") }

    /// `null`.
    package mutating func null() { scalar("null") }

    /// A value that is JSON already, byte for byte.
    package mutating func raw(_ value: ArraySlice<UInt8>) {
        separate()
        bytes.append(contentsOf: value)
        followsValue = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        followsValue = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        followsValue = true
    }

    private mutating func scalar(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        followsValue = true
    }

    private mutating func put(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func separate() {
        if followsValue { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { Self.escape($0, into: &bytes) }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ text: UnsafeBufferPointer<UInt8>, into bytes: inout [UInt8]) {
        let span = text.span.bytes
        var place = 0
        while place < text.count {
            let stop = ByteScan.escapeStop(span, from: place)
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[place..<stop]))
            guard stop < text.count else { return }
            append(escapeOf: text[stop], to: &bytes)
            place = stop + 1
        }
    }

    private static func append(escapeOf byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            for digit in [byte >> 4, byte & 0xF] { bytes.append(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit) }
        }
    }
}
