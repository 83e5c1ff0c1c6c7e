/// Does a prompt hold program text? A guess from the shape of its lines: a fence says so, and so do lines that end or begin as
/// programs' lines do, when there are enough of them. It is wrong now and then; a wrong guess costs another model, not an answer.
enum PromptCode {
    /// Lines of program text, without a fence, that are no accident; and they must be a quarter of all.
    static let fewestLines = 2
    static let mostOthers = 4

    static func isIn(_ text: [UInt8]) -> Bool {
        var (lines, like) = (0, 0)
        for line in text.split(separator: 0x0A) {
            let line = trimmed(line)
            guard !line.isEmpty else { continue }
            if line.starts(with: "```".utf8) || line.starts(with: "~~~".utf8) { return true }
            lines += 1
            if isProgram(line) { like += 1 }
        }
        return like >= fewestLines && like * mostOthers >= lines
    }

    private static let endings = ["{", "};", ");", "};", "},", ");", "];", "->", "=>"].map { Array($0.utf8) }
    private static let beginnings = [
        "#include", "#define", "#!/", "import ", "from ", "def ", "class ", "func ", "fn ", "function ", "let ",
        "const ",
        "var ", "val ", "return ", "public ", "private ", "static ", "package ", "struct ", "enum ", "impl ",
        "interface ",
        "if (", "for (", "while (", "switch (", "try:", "elif ", "SELECT ", "INSERT ", "UPDATE ", "CREATE ", "<?php",
        "</", "@",
    ].map { Array($0.utf8) }
    /// What prose has not beside such a beginning.
    private static let marks = Set("(){}[]=;<>:\"+*".utf8)

    private static func isProgram(_ line: ArraySlice<UInt8>) -> Bool {
        if line.elementsEqual("}".utf8) || line.elementsEqual("};".utf8) { return true }
        if endings.contains(where: { line.suffix($0.count).elementsEqual($0) }) { return true }
        if line.last == UInt8(ascii: ";"), line.contains(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "(") })
        {
            return true
        }
        guard beginnings.contains(where: { line.starts(with: $0) }) else { return false }
        return line.contains { marks.contains($0) } || line.starts(with: "import ".utf8)
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D }
        var line = line.drop(while: isBlank)
        while let last = line.last, isBlank(last) { line.removeLast() }
        return line
    }
}
