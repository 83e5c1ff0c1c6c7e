import Testing
import Wire

@testable import Inference

/// Does a schema reach a provider that wants more of it than the client said, or has no other place for what stands beside it?
struct SchemaTests {
    private static let schemas: [(said: String, closed: String)] = [
        // One that is closed, and one that says what else may be in it, stay as they are, to the byte.
        (#"{"type":"object", "additionalProperties":false}"#, #"{"type":"object", "additionalProperties":false}"#),
        (#"{"type":"object", "additionalProperties":true}"#, #"{"type":"object", "additionalProperties":true}"#),
        (#"{"type": "string"}"#, #"{"type": "string"}"#),
        // An open one is closed.
        (
            #"{"properties":{"a":{"type":"string"}}}"#,
            #"{"properties":{"a":{"type":"string"}},"additionalProperties":false}"#
        ),
        // And so wherever it stands.
        (
            #"{"type":"array","items":{"anyOf":[{"type":"object"},{"type":"null"}]}}"#,
            #"{"type":"array","items":{"anyOf":[{"type":"object","additionalProperties":false},{"type":"null"}]}}"#
        ),
        (
            ##"{"$defs":{"b":{"type":"object"}},"$ref":"#/$defs/b"}"##,
            ##"{"$defs":{"b":{"type":"object","additionalProperties":false}},"$ref":"#/$defs/b"}"##
        ),
        // A property's name is no word of the language.
        (
            #"{"properties":{"properties":{"type":"string"}},"additionalProperties":false}"#,
            #"{"properties":{"properties":{"type":"string"}},"additionalProperties":false}"#
        ),
    ]

    @Test(arguments: [
        (#"{"type":"STRING","nullable":true,"enum":["a"]}"#, #"{"type":["string","null"],"enum":["a",null]}"#, false),
        (
            #"{"type":"OBJECT","nullable":true,"anyOf":[{"type":"INTEGER"},{"type":"STRING"}]}"#,
            #"{"anyOf":[{"type":"integer"},{"type":"string"},{"type":"null"}]}"#, false
        ),
        (
            #"{"nullable":true,"anyOf":[{"type":"NULL"}]}"#, #"{"anyOf":[{"type":"null"},{"type":"null"}]}"#, false
        ),
        (
            #"{"type":"OBJECT","properties":{"b":{},"a":{"example":1},"c":{}},"property_ordering":["a","b"]}"#,
            #"{"type":"object","properties":{"a":{},"b":{},"c":{}},"additionalProperties":false}"#, true
        ),
        (#"{"type":"TYPE_UNSPECIFIED","example":2}"#, "{}", true),
        (
            ##"{"ref":"#/defs/a","defs":{"a":{"type":"INTEGER","example":1}}}"##,
            ##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"integer"}}}"##, true
        ),
        (
            #"{"type":"OBJECT","properties":{},"additional_properties":{"type":"STRING"}}"#,
            #"{"type":"object","properties":{},"additionalProperties":{"type":"string"}}"#, false
        ),
    ])
    func whatGeminisSchemasSayIsSaidInOthers(said: String, plain: String, hasExample: Bool) throws {
        let schema = try JSONDocument(Array(said.utf8)).root
        var chat = Chat(model: "m", messages: [])
        Gemini.noteExamples(in: schema, at: "s", &chat)
        #expect(String(decoding: Gemini.jsonSchema(schema), as: UTF8.self) == plain)
        #expect(chat.uncarried == (hasExample ? [.hint("s.example")] : []))
    }

    @Test(arguments: schemas)
    func anOpenObjectIsClosedForAnthropic(said: String, closed: String) {
        #expect(String(decoding: Anthropic.closed(Array(said.utf8)), as: UTF8.self) == closed)
    }

    @Test(arguments: [
        (#"{"type":"object"}"#, #"{"type":"object","description":"A bird."}"#, [Omission]()),
        (#"{"description":"A bird."}"#, #"{"description":"A bird."}"#, []),
        (#"{"description":"Two."}"#, #"{"description":"Two."}"#, [.wish("format.description")]),
    ])
    func whatIsSaidOfASchemaStandsInIt(said: String, described: String, uncarried: [Omission]) throws {
        let format = try JSONDocument(Array(#"{"description":"A bird."}"#.utf8))
        var chat = Chat(model: "m", messages: [])
        let schema = chat.schema(Array(said.utf8), described: format["description"], at: "format")
        #expect(String(decoding: schema, as: UTF8.self) == described)
        #expect(chat.uncarried == uncarried)
    }
}
