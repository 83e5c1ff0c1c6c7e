import Chance
import Testing

@testable import Wire

/// Does a patch change what it names and nothing else?
struct JSONPatchTests {
    private static let yes = Array("true".utf8)

    @Test(
        "edits",
        arguments: [
            (#" { "b":1 , "a" : 2 } "#, [.set("a", yes)], #" { "b":1 , "a" : true } "#, "blanks stay"),
            (#"{"a":1e2,"z":"\u0041"}"#, [.set("a", yes)], #"{"a":true,"z":"\u0041"}"#, "other spellings stay"),
            (#"{"a":1}"#, [.set("b", yes)], #"{"a":1,"b":true}"#, "what is missing comes last"),
            (#"{ }"#, [.set("b", yes)], #"{"b":true }"#, "the first member needs no comma"),
            (#"{"a":1,"b":2,"c":3}"#, [.remove("b")], #"{"a":1,"c":3}"#, "a middle member takes its comma along"),
            (#"{ "a":1, "b":2 }"#, [.remove("a")], #"{ "b":2 }"#, "the first member takes its comma along"),
            (#"{"a":1, "b":2}"#, [.remove("b")], #"{"a":1}"#, "the last member takes its comma along"),
            (#"{"a":1}"#, [.remove("a")], #"{}"#, "the only member"),
            (#"{"a":1,"b":2}"#, [.remove("a"), .remove("b")], #"{}"#, "all members"),
            (#"{"a":1,"b":2}"#, [.remove("a"), .set("c", yes)], #"{"b":2,"c":true}"#, "one goes, one comes"),
            (#"{"a":1}"#, [.remove("a"), .set("c", yes)], #"{"c":true}"#, "the only one goes, one comes"),
            (#"{"a":1}"#, [.remove("x")], #"{"a":1}"#, "nothing to remove"),
            (#"{"o":{"x":1 }}"#, [.within("o", [.set("y", yes)])], #"{"o":{"x":1,"y":true }}"#, "one level in"),
            (#"{"o":{"y":false}}"#, [.within("o", [.set("y", yes)])], #"{"o":{"y":true}}"#, "one level in, replaced"),
            (#"{"o":{"y":1}}"#, [.within("o", [.remove("y")])], #"{"o":{}}"#, "one level in, removed"),
            (#"{"o":null}"#, [.within("o", [.set("y", yes)])], #"{"o":{"y":true}}"#, "null becomes an object"),
            (#"{}"#, [.within("o", [.set("y", yes)])], #"{"o":{"y":true}}"#, "a missing object is made"),
            (
                #"{"o":[ {"x":1,"y":2}, 3,{"y":4} ,[{"y":5}]]}"#, [.each("o", [.remove("y")])],
                #"{"o":[ {"x":1}, 3,{} ,[{"y":5}]]}"#, "in each object of an array"
            ),
            (
                #"{"o":{"y":1,"p":[{"z":1}]}}"#, [.each("o", [.remove("y"), .each("p", [.remove("z")])])],
                #"{"o":{"p":[{}]}}"#, "in the object itself, and further in"
            ),
            (
                #"{"a":1,"o":"y"}"#, [.each("o", [.set("y", yes)]), .each("p", [.remove("y")])], #"{"a":1,"o":"y"}"#,
                "nothing is made"
            ),
            (#"{"\u0061":1}"#, [.set("a", yes)], #"{"\u0061":true}"#, "an escaped key is met and kept"),
            (#"{"a":1}"#, [.set("\"", yes)], #"{"a":1,"\"":true}"#, "a new key is escaped"),
        ] as [(String, [JSONEdit], String, String)]
    )
    func changesOnlyWhatItNames(text: String, edits: [JSONEdit], expected: String, why: String) throws {
        let patched = try JSONDocument(Array(text.utf8)).applying(edits)
        #expect(String(decoding: patched, as: UTF8.self) == expected, "\(why)")
        _ = try JSONDocument(patched)
    }

    @Test func everyOccurrenceOfARepeatedKeyIsSet() throws {
        let document = try JSONDocument(Array(#"{"a":1,"a":2}"#.utf8), limits: .answer)
        #expect(try document.applying([.set("a", Self.yes)]) == Array(#"{"a":true,"a":true}"#.utf8))
    }

    @Test func onlyObjectsCanBePatched() throws {
        let document = try JSONDocument(Array(" [1]".utf8))
        #expect(throws: JSONError(.notAnObject, at: 1)) { try document.applying([]) }
    }

    @Test func randomEditsAgreeWithEditingTheTree() throws {
        var random = SeededGenerator(3)
        for _ in 0..<2_000 {
            let names = ["a", "b", "c", "d", "e"].filter { _ in Bool.random(using: &random) }
            let text = "{" + names.map { "\"\($0)\": 0" }.joined(separator: " ,") + "}"
            let edits: [JSONEdit] = ["a", "c", "e", "f"].filter { _ in Bool.random(using: &random) }
                .map { Bool.random(using: &random) ? .set($0, Self.yes) : .remove($0) }
            let patched = try JSONDocument(Array(text.utf8)).applying(edits)
            #expect(JSONValue(try JSONDocument(patched).root) == Self.edited(names, edits), "\(text) \(edits)")
        }
    }

    /// The slow, obvious way.
    private static func edited(_ names: [String], _ edits: [JSONEdit]) -> JSONValue {
        var members = names.map { JSONValue.Member($0, .number("0")) }
        for edit in edits {
            switch edit {
            case .set(let name, _):
                if let index = members.firstIndex(where: { $0.name == name }) {
                    members[index].value = .bool(true)
                } else {
                    members.append(.init(name, .bool(true)))
                }
            case .remove(let name): members.removeAll { $0.name == name }
            case .within, .each: break
            }
        }
        return .object(members)
    }
}
