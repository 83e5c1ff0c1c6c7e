import LabText
import Testing

/// Does the judge read and write JSON as RFC 8259 has it?
struct JSONTests {
    @Test(arguments: [
        ("[1,2.5,-0,1e3,true,false,null,\"a\"]", "[1,2.5,0,1000.0,true,false,null,\"a\"]", "every kind of value"),
        (" { \"b\" : 1 , \"a\" : { } } ", "{\"b\":1,\"a\":{}}", "order is kept, white space is not"),
        ("\"\\u00e9\\ud83d\\ude00\\n\\/\"", "\"é😀\\n/\"", "escapes, with a surrogate pair"),
        ("9223372036854775808", "9.223372036854776e+18", "beyond 64 bits it is a floating number"),
    ])
    func whatIsReadIsWrittenAgain(text: String, written: String, reason: String) throws {
        #expect(try JSON.parse(text).description == written, "\(reason)")
    }

    @Test(arguments: [
        ("", "nothing"), ("{\"a\":1,\"a\":2}", "a name twice"), ("[1,]", "a comma too many"), ("01", "a leading zero"),
        ("\"\\ud800\"", "a lone surrogate"), ("\"\u{1}\"", "a control character"), ("nul", "half a word"),
        ("1 2", "two values"), ("+1", "a plus sign"), ("\"\\u+123\"", "a sign in an escape"), ("[", "an open end"),
        (String(repeating: "[", count: 200), "nested beyond the limit"), ("1.", "a fraction without digits"),
    ])
    func whatIsNotJSONIsRefused(text: String, reason: String) {
        #expect(throws: JSON.Malformed.self, "\(reason)") { try JSON.parse(text) }
    }
}
