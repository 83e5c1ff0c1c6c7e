import Testing

@testable import Wire

/// What can be looked up in a text that was checked?
struct JSONViewTests {
    private let document: JSONDocument

    init() throws {
        let text = #"""
             { "model" : "m\u00f6del" , "n":3, "stream":true,"none":null, "deep":{"a":[ 1 ,"two",{"x":"]}"},[ ]],"b":-1.50},
            "mo\u0064e":"escaped key" }
            """#
        document = try JSONDocument(Array(text.utf8))
    }

    @Test func membersAreFoundByNameHoweverTheyAreSpelled() {
        #expect(document["model"]?.string == "mödel")
        #expect(document["mode"]?.string == "escaped key")
        #expect(document["stream"]?.bool == true)
        #expect(document["n"]?.unsigned == 3)
        #expect(document["none"]?.isNull == true)
        #expect(document["missing"] == nil)
        #expect(document.members.map(document.name(of:)) == ["model", "n", "stream", "none", "deep", "mode"])
    }

    @Test(arguments: [
        (#"{"mimeType":1}"#, 1), (#"{"mime_type":2}"#, 2), (#"{"mime_type":2,"mimeType":1}"#, 1),
        (#"{"mime\u005ftype":3}"#, 3), (#"{"mime_Type":4}"#, nil), (#"{"mimetype":5}"#, nil), (#"{"mime_typ":6}"#, nil),
        (#"{"mime_types":7}"#, nil), (#"[1]"#, nil),
    ])
    func aMemberIsFoundInCamelCaseOrSnakeCase(text: String, value: UInt64?) throws {
        let document = try JSONDocument(Array(text.utf8))
        #expect(document.either("mimeType")?.unsigned == value)
        #expect(document.root.either("mimeType")?.unsigned == value)
    }

    @Test func escapesCountAsWhatTheyStandFor() throws {
        let words = ["plain", "\\u4f60\\u00e9\\u0041", "\\ud83d\\ude00x", "\\n\\\"\\\\\\/", "你é😀", ""]
        for word in words {
            let text = "[\"\(word)\", {\"\(word)\": \"\(word)\"}]"
            let view = try JSONDocument(Array(text.utf8)).root
            let plain = try #require(view.elements.first { _ in true }?.string)
            let saved = 3 * (word.utf8.count - plain.utf8.count)
            #expect(view.unescapedCount == text.utf8.count - saved, "\(word)")
        }
    }

    @Test func nestedValuesAreWalkedInOrder() {
        let deep = document["deep"]
        #expect(deep?.members.map(\.name) == ["a", "b"])
        let elements = deep?["a"]?.elements.map { String(decoding: $0.raw, as: UTF8.self) }
        #expect(elements == ["1", "\"two\"", "{\"x\":\"]}\"}", "[ ]"])
        #expect(deep?["a"]?.elements.map(\.kind) == [.number, .string, .object, .array])
    }

    @Test func aNumberKeepsItsSpelling() {
        let number = document["deep"]?["b"]
        #expect(number?.number == "-1.50")
        #expect(number?.double == -1.5)
        #expect(number?.unsigned == nil)
    }

    @Test func wrongKindsGiveNothing() {
        #expect(document["model"]?.unsigned == nil)
        #expect(document["n"]?.string == nil)
        #expect(document["n"]?["x"] == nil)
        #expect(document["model"]?.elements.map(\.kind) == [])
        #expect(document["deep"]?.elements.map(\.kind) == [])
        #expect(document["n"]?.bool == nil)
    }

    @Test func anArrayAtTheTopHasNoMembers() throws {
        let array = try JSONDocument(Array(#"[{"a":1}]"#.utf8))
        #expect(array.members.isEmpty)
        #expect(array["a"] == nil)
        #expect(array.root.elements.map { $0["a"]?.unsigned } == [1])
    }

    @Test(arguments: [("18446744073709551615", UInt64.max), ("18446744073709551616", nil), ("-1", nil), ("1.0", nil)])
    func onlyWholeNumbersThatFitAreUnsigned(text: String, value: UInt64?) throws {
        #expect(try JSONDocument(Array(text.utf8)).root.unsigned == value)
    }
}
