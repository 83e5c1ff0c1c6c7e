/// Is only code taken for code?
import Testing

struct SwiftTokensTests {
    struct Row: CustomTestStringConvertible {
        let reason: String
        let source: String
        let words: [String]

        var testDescription: String { reason }
    }

    @Test(arguments: [
        Row(reason: "a line comment", source: "a // b\nc", words: ["a", "c"]),
        Row(reason: "block comments nest", source: "a /* b /* c */ d */ e", words: ["a", "e"]),
        Row(reason: "an open comment reaches to the end", source: "a /* b", words: ["a"]),
        Row(reason: "a string literal", source: #"a "b" c"#, words: ["a", "c"]),
        Row(reason: "an escaped quote does not end it", source: #"a "b\"c" d"#, words: ["a", "d"]),
        Row(reason: "an empty literal", source: #"a "" b"#, words: ["a", "b"]),
        Row(reason: "a comment sign within a literal", source: #"a "// b" c"#, words: ["a", "c"]),
        Row(reason: "a quote within a comment", source: "a // \"\nb", words: ["a", "b"]),
        Row(reason: "an interpolation is code", source: #"a "b \(c) d" e"#, words: ["a", "c", "e"]),
        Row(reason: "parentheses within it", source: #""\(f((a), "x)y"))z" b"#, words: ["f", "a", "b"]),
        Row(reason: "a literal within an interpolation", source: #""\(a["b"])" c"#, words: ["a", "c"]),
        Row(reason: "a raw literal knows no escapes", source: ##"a #"b \(c) "d" \"# e"##, words: ["a", "e"]),
        Row(reason: "unless they are raw too", source: ##"a #"b \#(c)"# d"##, words: ["a", "c", "d"]),
        Row(reason: "a raw quote alone", source: "a #\"\"\"# b", words: ["a", "b"]),
        Row(
            reason: "a literal of many lines",
            source: "a \"\"\"\n  b \"c\" \\(d)\n  \"\"\" e",
            words: ["a", "d", "e"]
        ),
        Row(reason: "a literal left open ends with its line", source: "a \"b\nc", words: ["a", "c"]),
        Row(reason: "an extended regex literal", source: ##"a #/b"\/c/# d"##, words: ["a", "d"]),
        Row(reason: "a division is no regex", source: "a / b / c", words: ["a", "b", "c"]),
        Row(reason: "a name in backticks", source: "`import` a", words: ["import", "a"]),
        Row(reason: "a directive", source: "#if canImport(a)", words: ["if", "canImport", "a"]),
    ]) func onlyCodeIsRead(row: Row) {
        #expect(tokens(of: row.source).filter(\.isWord).map(\.text) == row.words)
    }

    @Test func linesAreCountedThroughEverythingThatSpansThem() {
        let source = """
            a /* one
            two */ b
            "\\(c)"
            \"\"\"
            text
            \"\"\"
            d
            """
        let lines = tokens(of: source).filter(\.isWord).map { "\($0.text)\($0.line)" }
        #expect(lines == ["a1", "b2", "c3", "d7"])
    }

    @Test func aQuotedKeywordIsKnownAsAName() {
        #expect(tokens(of: "`import` import").map(\.isQuoted) == [true, false])
    }
}
