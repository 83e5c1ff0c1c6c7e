import Chance
import Testing

@testable import Wire

/// Does a walk that leaps over what is long give what a walk over every byte gives?
struct JSONLongValueTests {
    /// Some texts have more long values than are noted, and some values just about the length from which they are.
    @Test func everyValueIsFoundWithItsBytes() throws {
        var random = SeededGenerator(7)
        for round in 0..<300 {
            let value = Self.value(depth: 0, using: &random)
            var writer = JSONWriter()
            writer.value(value)
            #expect(JSONValue(try JSONDocument(writer.bytes).root) == value, "round \(round)")
        }
    }

    @Test func moreLongValuesThanAreNotedAreFoundToo() throws {
        let item = "{\"a\":[\"" + String(repeating: "x", count: JSONLongValues.shortest) + "\"],\"b\":1}"
        let count = JSONLongValues.most
        let text = "{\"list\":[" + Array(repeating: item, count: count).joined(separator: ", ") + "],\"last\":true}"
        let document = try JSONDocument(Array(text.utf8), limits: .answer)
        let list = try #require(document["list"])
        var found = 0
        for element in list.elements {
            #expect(element.raw.count == item.utf8.count)
            #expect(element["b"]?.unsigned == 1)
            found += 1
        }
        #expect(found == count)
        #expect(document["last"]?.bool == true)
    }

    @Test(arguments: [JSONLongValues.shortest - 3, JSONLongValues.shortest - 2, JSONLongValues.shortest])
    func whatIsNotedIsWhatIsLong(inside: Int) throws {
        var notes = JSONLongValues()
        notes.add(10..<(12 + inside))
        #expect(notes.end(ofValueAt: 10) == (inside + 2 >= JSONLongValues.shortest ? 12 + inside : nil))
        let outer = notes.begin(at: 5_000)
        let inner = notes.begin(at: 5_001)
        notes.end(try #require(inner), at: 5_009)
        notes.end(try #require(outer), at: 6_000)
        #expect(notes.end(ofValueAt: 5_000) == 6_000)
        #expect(notes.end(ofValueAt: 5_001) == nil)
    }

    private static func value(depth: Int, using random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 3 ? 3 : 5), using: &random) {
        case 0: return .number(String(Int.random(in: -99...99, using: &random)))
        case 1: return .string(text(Int.random(in: 0..<20, using: &random), using: &random))
        case 2:
            let count = JSONLongValues.shortest + Int.random(in: -8..<8, using: &random)
            return .string(text(count, using: &random))
        case 3:
            let count = Int.random(in: 0..<6, using: &random)
            return .array((0..<count).map { _ in value(depth: depth + 1, using: &random) })
        default:
            let count = Int.random(in: 0..<6, using: &random)
            return .object((0..<count).map { .init("n\($0)", value(depth: depth + 1, using: &random)) })
        }
    }

    private static func text(_ count: Int, using random: inout SeededGenerator) -> String {
        let letters: [Character] = ["a", "b", "{", "]", "\"", "\\", "é", " "]
        return String((0..<count).map { _ in letters.randomElement(using: &random)! })
    }
}
