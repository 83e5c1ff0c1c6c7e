/// Is this text one JSON value, by RFC 8259 to the letter, and where are its members? One pass over the bytes, no copy, no
/// tree.
struct JSONScanner {
    private let limits: JSONLimits
    /// The next byte to look at.
    private var place = 0
    private var depth = 0
    /// Keys of all objects that are still open, innermost last.
    private var keys: [JSONKey] = []
    /// Members of the outermost value, if that is an object.
    private(set) var members: [JSONMember] = []
    /// What it found to be long, if the text is.
    private(set) var longValues = JSONLongValues()
    private var isLong = false
    /// The outermost value, without the blanks around it.
    private(set) var root = 0..<0

    init(limits: JSONLimits) {
        self.limits = limits
    }

    /// Reads the whole text; afterwards `root` and `members` say what was found.
    mutating func scan(_ bytes: RawSpan) throws(JSONError) {
        guard bytes.byteCount <= limits.bytes else { throw JSONError(.tooLarge, at: limits.bytes) }
        skipBlanks(bytes)
        guard place < bytes.byteCount else { throw JSONError(.empty, at: place) }
        // What most requests and answers have, so that these grow once.
        members.reserveCapacity(8)
        if limits.duplicates == .refused { keys.reserveCapacity(12) }
        isLong = (2 * JSONLongValues.shortest...Int(UInt32.max)).contains(bytes.byteCount)
        if isLong { longValues.reserve() }
        let start = place
        try value(bytes)
        root = start..<place
        skipBlanks(bytes)
        guard place == bytes.byteCount else { throw JSONError(.trailingBytes, at: place) }
    }

    private mutating func value(_ bytes: RawSpan) throws(JSONError) {
        switch try peek(bytes) {
        case UInt8(ascii: "{"): try container(bytes) { (scanner, bytes) throws(JSONError) in try scanner.object(bytes) }
        case UInt8(ascii: "["): try container(bytes) { (scanner, bytes) throws(JSONError) in try scanner.array(bytes) }
        case UInt8(ascii: "\""):
            let start = place
            _ = try string(bytes)
            if isLong { longValues.add(start..<place) }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number(bytes)
        case UInt8(ascii: "t"): try literal("true", bytes)
        case UInt8(ascii: "f"): try literal("false", bytes)
        case UInt8(ascii: "n"): try literal("null", bytes)
        default: throw JSONError(.unexpectedByte, at: place)
        }
    }

    // MARK: Containers

    @inline(__always)
    private mutating func container(
        _ bytes: RawSpan,
        _ inside: (inout JSONScanner, RawSpan) throws(JSONError) -> Void
    ) throws(JSONError) {
        let note = isLong ? longValues.begin(at: place) : nil
        try inside(&self, bytes)
        if let note { longValues.end(note, at: place) }
    }

    private mutating func object(_ bytes: RawSpan) throws(JSONError) {
        try enter()
        let first = keys.count
        if try !closes(bytes, with: UInt8(ascii: "}")) {
            repeat { try member(bytes) } while try another(bytes, before: UInt8(ascii: "}"))
        }
        if limits.duplicates == .refused { try JSONKey.refuseDuplicates(in: keys[first...], of: bytes) }
        keys.removeSubrange(first...)
        depth -= 1
    }

    private mutating func member(_ bytes: RawSpan) throws(JSONError) {
        skipBlanks(bytes)
        guard try peek(bytes) == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: place) }
        let start = place
        let isEscaped = try string(bytes)
        let key = JSONKey(text: (start + 1)..<(place - 1), isEscaped: isEscaped)
        if limits.duplicates == .refused { keys.append(key) }
        skipBlanks(bytes)
        guard try peek(bytes) == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, at: place) }
        place += 1
        skipBlanks(bytes)
        let valueStart = place
        try value(bytes)
        if depth == 1 { members.append(JSONMember(key: key, value: valueStart..<place)) }
    }

    private mutating func array(_ bytes: RawSpan) throws(JSONError) {
        try enter()
        if try !closes(bytes, with: UInt8(ascii: "]")) {
            repeat {
                skipBlanks(bytes)
                try value(bytes)
            } while try another(bytes, before: UInt8(ascii: "]"))
        }
        depth -= 1
    }

    private mutating func enter() throws(JSONError) {
        guard depth < limits.depth else { throw JSONError(.tooDeep, at: place) }
        depth += 1
        place += 1
    }

    /// Whether the container is empty; steps over its end if so.
    private mutating func closes(_ bytes: RawSpan, with end: UInt8) throws(JSONError) -> Bool {
        skipBlanks(bytes)
        guard try peek(bytes) == end else { return false }
        place += 1
        return true
    }

    /// Steps over a comma (true) or the container's end (false).
    private mutating func another(_ bytes: RawSpan, before end: UInt8) throws(JSONError) -> Bool {
        skipBlanks(bytes)
        let next = try peek(bytes)
        guard next == UInt8(ascii: ",") || next == end else { throw JSONError(.unexpectedByte, at: place) }
        place += 1
        return next != end
    }

    // MARK: Strings

    /// Steps over a string; tells whether it holds escapes.
    private mutating func string(_ bytes: RawSpan) throws(JSONError) -> Bool {
        place += 1
        var isEscaped = false
        while true {
            place = ByteScan.stringStop(bytes, from: place)
            switch try peek(bytes) {
            case UInt8(ascii: "\""):
                place += 1
                return isEscaped
            case UInt8(ascii: "\\"):
                isEscaped = true
                try escape(bytes)
            case 0x80...0xFF: try multibyte(bytes)
            default: throw JSONError(.controlCharacter, at: place)
            }
        }
    }

    private mutating func multibyte(_ bytes: RawSpan) throws(JSONError) {
        // Text in most scripts is one such sequence after the other: stay here as long as they last.
        while place < bytes.byteCount, ByteScan.byte(bytes, place) >= 0x80 {
            let length = UTF8Sequence.length(bytes, at: place)
            guard length > 0 else { throw JSONError(.invalidUTF8, at: place) }
            place += length
        }
    }

    private mutating func escape(_ bytes: RawSpan) throws(JSONError) {
        let start = place
        place += 1
        switch try peek(bytes) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            place += 1
        case UInt8(ascii: "u"):
            place += 1
            try unicodeEscape(bytes, start: start)
        default: throw JSONError(.badEscape, at: start)
        }
    }

    private mutating func unicodeEscape(_ bytes: RawSpan, start: Int) throws(JSONError) {
        switch try hex(bytes, start: start) {
        case 0xDC00...0xDFFF: throw JSONError(.loneSurrogate, at: start)
        case 0xD800...0xDBFF:
            guard place + 1 < bytes.byteCount, ByteScan.byte(bytes, place) == UInt8(ascii: "\\"),
                ByteScan.byte(bytes, place + 1) == UInt8(ascii: "u")
            else { throw JSONError(.loneSurrogate, at: start) }
            place += 2
            guard (0xDC00...0xDFFF).contains(try hex(bytes, start: start)) else {
                throw JSONError(.loneSurrogate, at: start)
            }
        default: break
        }
    }

    private mutating func hex(_ bytes: RawSpan, start: Int) throws(JSONError) -> UInt16 {
        guard place + 4 <= bytes.byteCount else { throw JSONError(.unexpectedEnd, at: bytes.byteCount) }
        guard let unit = JSONText.hex(bytes, at: place) else { throw JSONError(.badEscape, at: start) }
        place += 4
        return unit
    }

    // MARK: Numbers and literals

    private mutating func number(_ bytes: RawSpan) throws(JSONError) {
        let start = place
        if ByteScan.byte(bytes, place) == UInt8(ascii: "-") { place += 1 }
        let integer = digits(bytes)
        let leadingZero = integer > 1 && ByteScan.byte(bytes, place - integer) == UInt8(ascii: "0")
        guard integer > 0, !leadingZero else { throw JSONError(.badNumber, at: start) }
        if take(bytes, UInt8(ascii: ".")), digits(bytes) == 0 { throw JSONError(.badNumber, at: start) }
        if take(bytes, UInt8(ascii: "e")) || take(bytes, UInt8(ascii: "E")) {
            if !take(bytes, UInt8(ascii: "+")) { _ = take(bytes, UInt8(ascii: "-")) }
            if digits(bytes) == 0 { throw JSONError(.badNumber, at: start) }
        }
    }

    private mutating func digits(_ bytes: RawSpan) -> Int {
        let start = place
        while place < bytes.byteCount, (0x30...0x39).contains(ByteScan.byte(bytes, place)) { place += 1 }
        return place - start
    }

    private mutating func take(_ bytes: RawSpan, _ byte: UInt8) -> Bool {
        guard place < bytes.byteCount, ByteScan.byte(bytes, place) == byte else { return false }
        place += 1
        return true
    }

    private mutating func literal(_ word: StaticString, _ bytes: RawSpan) throws(JSONError) {
        let start = place
        for index in 0..<word.utf8CodeUnitCount {
            guard take(bytes, word.utf8Start[index]) else { throw JSONError(.badLiteral, at: start) }
        }
    }

    // MARK: Steps

    private func peek(_ bytes: RawSpan) throws(JSONError) -> UInt8 {
        guard place < bytes.byteCount else { throw JSONError(.unexpectedEnd, at: place) }
        return ByteScan.byte(bytes, place)
    }

    private mutating func skipBlanks(_ bytes: RawSpan) {
        place = JSONText.afterBlanks(bytes, from: place)
    }
}
