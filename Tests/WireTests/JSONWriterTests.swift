import Testing

@testable import Wire

/// Is what we write JSON, with its commas and escapes?
struct JSONWriterTests {
    @Test func commasStandBetweenAndNowhereElse() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a")
        writer.beginArray()
        writer.integer(1)
        writer.null()
        writer.beginObject()
        writer.endObject()
        writer.beginArray()
        writer.endArray()
        writer.endArray()
        writer.key("b")
        writer.raw(Array(" {}".utf8)[1...])
        writer.key("c")
        writer.bool(false)
        writer.key("d")
        writer.number("-1.50")
        writer.endObject()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":[1,null,{},[]],"b":{},"c":false,"d":-1.50}"#)
    }

    @Test(arguments: [
        ("plain", #""plain""#),
        ("\"\\", #""\"\\""#),
        ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
        ("\u{0}\u{1F}", #""\u0000\u001f""#),
        ("é漢😀/", "\"é漢😀/\""),
        (String(repeating: "x", count: 70) + "\n", "\"" + String(repeating: "x", count: 70) + "\\n\""),
    ])
    func escapesWhatMustBeEscaped(text: String, expected: String) {
        var writer = JSONWriter()
        writer.string(text)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }
}
