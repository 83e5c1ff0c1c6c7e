/// Messages by chance: good ones, bad ones, and ones that two readers might understand differently.
import Chance

struct HTTPMessageMaker {
    var chance: SeededGenerator

    init(seed: UInt64) { chance = SeededGenerator(seed) }

    /// Bytes of one connection: one to three messages, sometimes with a byte of it changed.
    mutating func requests() -> [UInt8] { connection { $0.request() } }

    mutating func answers() -> [UInt8] { connection { $0.answer() } }

    private mutating func connection(_ message: (inout HTTPMessageMaker) -> String) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...3, using: &chance) { bytes += Array(message(&self).utf8) }
        if chance.next() % 3 == 0 { damage(&bytes) }
        return bytes
    }

    private mutating func damage(_ bytes: inout [UInt8]) {
        let palette = Array("\r\n\0 \t:;,a0F\u{7F}\u{1}\"/#=".utf8) + [0x80, 0xFF]
        let place = Int.random(in: 0..<bytes.count, using: &chance)
        let byte = palette[Int.random(in: 0..<palette.count, using: &chance)]
        switch chance.next() % 4 {
        case 0: bytes.insert(byte, at: place)
        case 1: bytes.remove(at: place)
        case 2: bytes.removeLast(bytes.count - place)
        default: bytes[place] = byte
        }
    }

    private mutating func request() -> String {
        let method = some(
            ["POST", "GET", "PUT", "DELETE", "OPTIONS", "PATCH"],
            or: ["PROPFIND", "post", "QUERYX", "P(ST"]
        )
        let target = some(
            ["/", "/v1/chat/completions", "/a?b=c&d", "http://host/a", "http://host", "/%20"],
            or: ["*", "x", "/a b", "/ä", "/a#b", "http://", "http://u@h/", "//", "", "ftp://a/b"]
        )
        let version = some(
            ["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"],
            or: ["HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.1 ", ""]
        )
        let host = some(["Host: host"], or: ["Host : host", "X: y", "Host: a, b", "Host: a\r\nHost: a"])
        return message("\(method) \(target) \(version)", host)
    }

    private mutating func answer() -> String {
        let version = some(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"], or: ["HTTP/1.2", "HTTP/2.0", "ICY"])
        let status = some(
            ["200 OK", "404 Not Found", "204 No Content", "304 Not Modified", "100 Continue", "500 X"],
            or: ["200", "20 OK", "099 X", "1000 X", "abc"]
        )
        return message("\(version) \(status)", some(["Server: x"], or: ["Server : x", "no colon"]))
    }

    private mutating func message(_ first: String, _ second: String) -> String {
        let (field, body) = framing()
        var lines = [first, second] + (0..<Int.random(in: 0...3, using: &chance)).map { _ in other() }
        if let field { lines.insert(field, at: Int.random(in: 1...lines.count, using: &chance)) }
        let prefix = some([""], or: ["\r\n", "\r\n\r\n", "\n"])
        return prefix + lines.map { $0 + lineEnd() }.joined() + lineEnd() + body
    }

    private mutating func framing() -> (String?, String) {
        let text = String(repeating: "b", count: Int.random(in: 0...20, using: &chance))
        switch chance.next() % 8 {
        case 0, 1: return (nil, "")
        case 2, 3, 4: return ("Content-Length: \(text.utf8.count)", text)
        case 5, 6: return ("Transfer-Encoding: chunked", chunks())
        default:
            let odd = some(
                [
                    "Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3\r\nContent-Length: 4",
                    "Transfer-Encoding: chunked\r\nContent-Length: 3",
                    "Content-Length: 3\r\nTransfer-Encoding: chunked",
                    "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity", "Transfer-Encoding : chunked",
                    "Content-Length: +3", "Content-Length: 3, 3", "Content-Length:", "Content-Length: 0003",
                    "Transfer-Encoding: chunked, chunked", "Transfer-Encoding:\tchunked ", "content-length: 3 ",
                    "Content-Length: 18446744073709551618",
                ],
                or: ["Transfer-Encoding: xchunked"]
            )
            return (odd, some(["abc", chunks()], or: [""]))
        }
    }

    private mutating func chunks() -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...3, using: &chance) {
            let data = String(repeating: "c", count: Int.random(in: 1...20, using: &chance))
            let size = some(["", "0"], or: ["0x", "-", " "]) + String(data.utf8.count, radix: 16)
            text += size + some(["", "", ";x", ";x=y", ";q=\"a;b\""], or: [" ", " ;x", ";a\nb", "\n", "x"])
            text += some(["\r\n"], or: ["\n", "\r"]) + data + some(["\r\n"], or: ["\n", "", "\r\r\n"])
        }
        let trailer = some(["", "", "X-Sum: 1\r\n"], or: ["Content-Length: 5\r\n", " x\r\n", "a : b\r\n"])
        return text + "0\r\n" + trailer + "\r\n"
    }

    private mutating func other() -> String {
        some(
            [
                "Accept: */*", "X-Long: " + String(repeating: "v", count: 40), "X-Empty:", "X-Tab:\ta\tb", "x-ü: y",
                "Connection: keep-alive", "Connection: close", "X-Latin: \u{FC}", "Content-Type: application/json",
            ],
            or: [
                " folded", "\tfolded", "X-Null: a\0b", "X Blank: a", ": none", "X-Bell: \u{7}", "X-CR: a\rb",
                "Expect: x",
                "Upgrade: h2c\r\nConnection: Upgrade", "X-Delete: \u{7F}",
            ]
        )
    }

    private mutating func lineEnd() -> String { chance.next() % 60 == 0 ? some(["\n", "\r"], or: ["\r\r\n"]) : "\r\n" }

    /// One of the usual, or now and then one of the others.
    private mutating func some(_ usual: [String], or odd: [String]) -> String {
        let list = chance.next() % 16 == 0 ? odd : usual
        return list[Int.random(in: 0..<list.count, using: &chance)]
    }
}
