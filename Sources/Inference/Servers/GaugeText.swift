/// What does a page of metrics say of one gauge? The text format that Prometheus reads: a name, perhaps labels in braces, a number, perhaps a
/// time. A server with several engines has a line for each, which add up.

enum GaugeText {
    /// Nobody has more requests than that.
    private static let most = 1_000_000.0

    /// The sum over all lines of this name; nil when there is none, or one that is no count. Reads the page once, line by line: some have
    /// hundreds of kilobytes, and the loop that reads them serves requests too.
    static func sum(of name: String, in bytes: [UInt8]) -> UInt32? {
        let name = Array(name.utf8)
        var sum: Double?
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            defer { start = end + 1 }
            guard let rest = rest(of: bytes[start..<end], after: name) else { continue }
            guard let value = number(in: rest), value >= 0, value <= most else { return nil }
            sum = (sum ?? 0) + value
        }
        return sum.map { UInt32(min($0, most)) }
    }

    /// What stands behind the name; nil for a line of another.
    private static func rest(of line: ArraySlice<UInt8>, after name: [UInt8]) -> ArraySlice<UInt8>? {
        guard line.starts(with: name) else { return nil }
        let rest = line.dropFirst(name.count)
        return rest.first == UInt8(ascii: "{") || rest.first == UInt8(ascii: " ") ? rest : nil
    }

    /// The number behind the labels.
    private static func number(in rest: ArraySlice<UInt8>) -> Double? {
        guard let start = endOfLabels(rest) else { return nil }
        let word = rest[start...].drop { $0 == UInt8(ascii: " ") }.prefix {
            $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r")
        }
        return Double(String(decoding: word, as: UTF8.self))
    }

    /// Where the labels end; a brace within quotes ends none.
    private static func endOfLabels(_ rest: ArraySlice<UInt8>) -> Int? {
        guard rest.first == UInt8(ascii: "{") else { return rest.startIndex }
        var isQuoted = false
        var isEscaped = false
        for (index, byte) in zip(rest.indices, rest) {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if !isQuoted, byte == UInt8(ascii: "}") {
                return index + 1
            }
        }
        return nil
    }
}
