/// What numbers, times of day and durations in conditions stand for.
import ConfigSyntax
import NetTypes

extension FactType {
    /// An example of a literal.
    var literalHint: String? {
        switch self {
        case .number: "write a number such as 443, or with in a range such as 1024-2048"
        case .address: "write an address, or with in a prefix, a range or a set"
        case .time: "write 08:00, or with in a range such as 08:00-18:00"
        case .duration: "write a duration such as 500ms"
        case .flag, .text, .words, .fields: nil
        }
    }

    /// The text as a number of this type.
    func number(_ text: String) -> Int64? {
        switch self {
        case .number:
            return text.hasPrefix("0x") ? NumberRanges.hexadecimal(text) : (try? Int.parse(text)).map { Int64($0) }
        case .time: return TimeOfDay.seconds(text)
        case .duration: return (try? Span.parse(text))?.nanoseconds
        case .flag, .text, .words, .address, .fields: return nil
        }
    }
}

enum NumberRanges {
    /// Sorted and disjoint.
    static func merged(_ ranges: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        var result: [ClosedRange<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, range.lowerBound <= last.upperBound {
                result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }

    /// `0x1F`, at most 15 digits.
    static func hexadecimal(_ text: String) -> Int64? {
        let digits = text.dropFirst(2)
        guard (1...15).contains(digits.utf8.count), digits.allSatisfy(\.isHexDigit) else { return nil }
        return Int64(digits, radix: 16)
    }
}

/// `HH:MM` or `HH:MM:SS` as seconds since midnight; `24:00` is the end of the day.
enum TimeOfDay {
    static let secondsPerDay: Int64 = 86_400

    static func seconds(_ text: String) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3 else { return nil }
        var fields: [Int64] = []
        for part in parts {
            guard part.utf8.count == 2, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(part)
            else {
                return nil
            }
            fields.append(value)
        }
        let value = fields[0] * 3600 + fields[1] * 60 + (fields.count == 3 ? fields[2] : 0)
        guard fields.dropFirst().allSatisfy({ $0 < 60 }), value <= secondsPerDay else { return nil }
        return value
    }
}
