/// Whether a file's bytes are text that we read at all, before YAML has a say.
import ConfigSyntax

enum PlainText {
    /// Bytes of one file. The largest that make sense hold a few thousand routes; lists beyond that are files of their own.
    static let largestFile = 4 << 20

    /// The bytes as text, or nil after what is wrong with them was reported.
    ///
    /// Refused: what is not UTF-8, byte order marks, tabs (YAML counts them as no indentation, editors as some), control
    /// characters, and line breaks that only YAML takes for such (a lone CR, NEL, LS, PS), which would shift every line number.
    static func read(_ bytes: [UInt8], file: UInt16, into diagnostics: Diagnostics) -> String? {
        guard bytes.count <= largestFile else {
            diagnostics.report(
                "the file is larger than \(largestFile >> 20) MiB",
                at: .wholeFile(file),
                hint: "put long lists of prefixes into files of their own"
            )
            return nil
        }
        var scan = Scan(file: file)
        var input = bytes.makeIterator()
        var decoder = UTF8()
        while true {
            switch decoder.decode(&input) {
            case .emptyInput: return scan.finish(bytes, into: diagnostics)
            case .scalarValue(let scalar): scan.take(scalar, into: diagnostics)
            case .error:
                diagnostics.report("this is not UTF-8", at: scan.place, hint: "save the file as UTF-8")
                return nil
            }
        }
    }

    private struct Scan {
        let file: UInt16
        var line: UInt32 = 1
        var column: UInt32 = 1
        var lineWithTab: UInt32 = 0
        var isAfterCR = false
        var isClean = true

        init(file: UInt16) { self.file = file }

        var place: Place { Place(file: file, line: line, column: column) }

        mutating func take(_ scalar: Unicode.Scalar, into diagnostics: Diagnostics) {
            if isAfterCR, scalar != "\n" { refuse("a carriage return without a line feed", nil, into: diagnostics) }
            isAfterCR = scalar == "\r"
            switch scalar {
            case "\n":
                line &+= 1
                column = 1
                return
            case "\r": break
            case "\t":
                // One message a line is enough.
                if lineWithTab != line { refuse("a tab", "indent with spaces", into: diagnostics) }
                lineWithTab = line
            case "\u{FEFF}": refuse("a byte order mark", "save the file as UTF-8 without one", into: diagnostics)
            case "\u{85}", "\u{2028}", "\u{2029}":
                refuse("an unusual line break", "end lines with a line feed", into: diagnostics)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": refuse("a control character", nil, into: diagnostics)
            default: break
            }
            column &+= 1
        }

        private mutating func refuse(_ what: String, _ hint: String?, into diagnostics: Diagnostics) {
            diagnostics.report("\(what) is not allowed", at: place, hint: hint)
            isClean = false
        }

        mutating func finish(_ bytes: [UInt8], into diagnostics: Diagnostics) -> String? {
            if isAfterCR { refuse("a carriage return without a line feed", nil, into: diagnostics) }
            return isClean ? String(decoding: bytes, as: UTF8.self) : nil
        }
    }
}
