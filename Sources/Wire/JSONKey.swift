/// Where does a member of an object stand, and is its name there twice?
package struct JSONKey: Equatable, Sendable {
    /// The key's bytes between its quotes, as written.
    package let text: Range<Int>
    /// Whether it must be unescaped before it can be compared.
    package let isEscaped: Bool

    init(text: Range<Int>, isEscaped: Bool) {
        self.text = text
        self.isEscaped = isEscaped
    }
}

/// A key and the place of its value.
package struct JSONMember: Equatable, Sendable {
    /// The key.
    package let key: JSONKey
    /// The value's bytes, without blanks around them.
    package let value: Range<Int>

    init(key: JSONKey, value: Range<Int>) {
        self.key = key
        self.value = value
    }

    /// Key (with its quotes) and value.
    var whole: Range<Int> { (key.text.lowerBound - 1)..<value.upperBound }
}

extension JSONKey {
    /// Objects with more keys than this are sorted before neighbours are compared; below it, comparing all pairs is cheaper.
    private static let fewKeys = 12

    static func refuseDuplicates(in keys: ArraySlice<JSONKey>, of bytes: RawSpan) throws(JSONError) {
        guard keys.count > 1 else { return }
        let repeated = keys.count <= fewKeys ? repeatedAmongFew(keys, of: bytes) : repeatedAmongMany(keys, of: bytes)
        if let repeated { throw JSONError(.duplicateKey, at: repeated.text.lowerBound - 1) }
    }

    private static func repeatedAmongFew(_ keys: ArraySlice<JSONKey>, of bytes: RawSpan) -> JSONKey? {
        for later in keys.indices.dropFirst() {
            for earlier in keys.startIndex..<later where same(keys[earlier], keys[later], in: bytes) {
                return keys[later]
            }
        }
        return nil
    }

    private static func repeatedAmongMany(_ keys: ArraySlice<JSONKey>, of bytes: RawSpan) -> JSONKey? {
        var sorted = keys.map { Spelled($0, of: bytes) }
        sorted.sort { $0.spelling.lexicographicallyPrecedes($1.spelling) }
        for index in sorted.indices.dropFirst() where sorted[index].spelling == sorted[index - 1].spelling {
            return sorted[index].key.text.lowerBound > sorted[index - 1].key.text.lowerBound
                ? sorted[index].key : sorted[index - 1].key
        }
        return nil
    }

    /// A key with its bytes unescaped. Only large objects pay for these copies.
    private struct Spelled {
        let key: JSONKey
        let spelling: [UInt8]

        init(_ key: JSONKey, of bytes: RawSpan) {
            self.key = key
            spelling = JSONText.unescaped(bytes, key.text)
        }
    }

    /// Whether both keys spell the same name.
    private static func same(_ one: JSONKey, _ other: JSONKey, in bytes: RawSpan) -> Bool {
        if one.isEscaped || other.isEscaped {
            return JSONText.unescaped(bytes, one.text) == JSONText.unescaped(bytes, other.text)
        }
        guard one.text.count == other.text.count else { return false }
        for step in 0..<one.text.count {
            let (left, right) = (one.text.lowerBound + step, other.text.lowerBound + step)
            if ByteScan.byte(bytes, left) != ByteScan.byte(bytes, right) { return false }
        }
        return true
    }

    /// Whether the key, unescaped, is this name.
    func spells(_ name: String, in bytes: RawSpan) -> Bool {
        if isEscaped { return JSONText.unescaped(bytes, text) == Array(name.utf8) }
        guard text.count == name.utf8.count else { return false }
        var place = text.lowerBound
        for byte in name.utf8 {
            if ByteScan.byte(bytes, place) != byte { return false }
            place += 1
        }
        return true
    }
}
