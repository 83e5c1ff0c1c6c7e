import Chance
import Foundation
import Testing

@testable import Wire

/// Do we and Foundation agree on what is JSON and what it says?
struct JSONDifferentialTests {
    /// Texts a round; enough to meet every construct many times, within about a second.
    private static let rounds = 4_000

    @Test func whatWeWriteFoundationReadsTheSame() throws {
        var random = SeededGenerator(1)
        for _ in 0..<Self.rounds {
            let value = Self.value(depth: 0, using: &random)
            var writer = JSONWriter()
            writer.value(value)
            let theirs = try JSONSerialization.jsonObject(with: Data(writer.bytes), options: .fragmentsAllowed)
            #expect(Self.agrees(value, theirs), "\(String(decoding: writer.bytes, as: UTF8.self))")
            #expect(JSONValue(try JSONDocument(writer.bytes).root) == value)
        }
    }

    @Test func damagedTextsAreJudgedAlike() {
        var random = SeededGenerator(2)
        var refused = 0
        for _ in 0..<Self.rounds {
            var writer = JSONWriter()
            writer.value(Self.value(depth: 0, using: &random))
            var text = writer.bytes
            Self.damage(&text, using: &random)
            if Self.isKnownDifference(text) { continue }
            let theirs = (try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)) != nil
            let ours = (try? JSONDocument(text, limits: .answer)) != nil
            #expect(ours == theirs, "ours \(ours), theirs \(theirs): \(String(decoding: text, as: UTF8.self)) \(text)")
            refused += ours ? 0 : 1
        }
        #expect(refused > Self.rounds / 4, "the damage must be felt, or nothing is compared")
    }

    /// Foundation reads UTF-16 and UTF-32 too, telling them by zero bytes and byte order marks at the start, and refuses
    /// numbers that no Double holds: both are choices, not errors.
    private static func isKnownDifference(_ text: [UInt8]) -> Bool {
        if text.prefix(4).contains(0) || text.starts(with: [0xFE]) || text.starts(with: [0xFF]) { return true }
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { return true }
        return text.contains(UInt8(ascii: "e")) || text.contains(UInt8(ascii: "E"))
    }

    private static func damage(_ text: inout [UInt8], using random: inout SeededGenerator) {
        let place = Int.random(in: 0..<text.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: text.remove(at: place)
        case 1: text[place] = .random(in: 0...255, using: &random)
        case 2: text.insert(Array("{}[],:\"\\0-.u ".utf8).randomElement(using: &random)!, at: place)
        case 3: text.removeSubrange(place...)
        default: text.swapAt(place, Int.random(in: 0..<text.count, using: &random))
        }
        if text.isEmpty { text = [0x20] }
    }

    // MARK: Random values

    private static func value(depth: Int, using random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 3 ? 4 : 6), using: &random) {
        case 0: return [.null, .bool(true), .bool(false)].randomElement(using: &random)!
        case 1: return .number(String(Int.random(in: -1_000_000...1_000_000, using: &random)))
        case 2: return .number("\(Int.random(in: -999...999, using: &random)).25")
        case 3: return .string(text(using: &random))
        case 4:
            return .array(
                (0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth + 1, using: &random) }
            )
        default:
            return .object(
                (0..<Int.random(in: 0..<5, using: &random)).map {
                    .init("\($0)" + text(using: &random), value(depth: depth + 1, using: &random))
                }
            )
        }
    }

    private static func text(using random: inout SeededGenerator) -> String {
        let letters: [Character] = ["a", "\"", "\\", "/", "\n", "\u{1}", "é", "漢", "😀", "\u{2028}", "\u{7F}", " "]
        return String((0..<Int.random(in: 0..<40, using: &random)).map { _ in letters.randomElement(using: &random)! })
    }

    private static func agrees(_ ours: JSONValue, _ theirs: Any) -> Bool {
        switch ours {
        case .null: return theirs is NSNull
        case .bool(let flag): return theirs as? Bool == flag
        case .number(let text): return (theirs as? NSNumber)?.doubleValue == Double(text)
        case .string(let text): return theirs as? String == text
        case .array(let elements):
            guard let theirs = theirs as? [Any], theirs.count == elements.count else { return false }
            return zip(elements, theirs).allSatisfy { agrees($0, $1) }
        case .object(let members):
            guard let theirs = theirs as? [String: Any], theirs.count == members.count else { return false }
            return members.allSatisfy { member in theirs[member.name].map { agrees(member.value, $0) } ?? false }
        }
    }
}
