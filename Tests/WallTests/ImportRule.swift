/// Does every import stand in the table? Reads every import of every source, whatever it is dressed in.

/// One import or `canImport` of a source.
struct ImportUse: Equatable {
    let module: String
    let line: Int
    /// The words in front of it on its statement: `@testable`, `@_exported`, `package` …
    let dress: [String]
}

enum ImportRule {
    /// An import hands on what it imports (`@_exported`) or opens what is internal (`@testable`): both go round the table.
    private static let forbiddenDress = ["_exported", "testable", "_implementationOnly", "_spi"]
    private static let dressWords: Set = [
        "package", "public", "internal", "private", "fileprivate", "open", "preconcurrency", "testable",
        "_exported", "_implementationOnly", "_spi", "_spiOnly", "_weakLinked",
    ]
    private static let declarationKinds: Set = [
        "struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor",
    ]

    /// Every import that the table does not allow, in order of file and line.
    static func violations(in files: [SourceFile], table: [ImportRow]) -> [Violation] {
        files.flatMap { violations(in: $0, table: table) }.sorted()
    }

    private static func violations(in file: SourceFile, table: [ImportRow]) -> [Violation] {
        guard let target = file.target, let row = table.row(of: target) else {
            return [Violation(file: file.path, line: 1, what: "stands in no target of the import table")]
        }
        let allowed = Set(row.ours + row.packages + row.further)
        return imports(in: tokens(of: file.text)).flatMap { use in
            let notAllowed = allowed.contains(use.module) ? [] : ["\(target) may not import \(use.module)"]
            let dressed = use.dress.filter { forbiddenDress.contains($0) }
                .map { "@\($0) import of \(use.module) goes round the table" }
            return (notAllowed + dressed).map { Violation(file: file.path, line: use.line, what: $0) }
        }
    }

    /// The imports among the tokens of one source.
    static func imports(in tokens: [Token]) -> [ImportUse] {
        tokens.indices.compactMap { index in
            let token = tokens[index]
            guard token.isWord, !token.isQuoted else { return nil }
            switch token.text {
            case "import": return importStatement(in: tokens, at: index)
            case "canImport": return canImport(in: tokens, at: index)
            default: return nil
            }
        }
    }

    private static func importStatement(in tokens: [Token], at index: Int) -> ImportUse? {
        if index > 0, tokens[index - 1].text == "." { return nil }
        var next = index + 1
        guard next < tokens.count, tokens[next].isWord else { return nil }
        if declarationKinds.contains(tokens[next].text), next + 1 < tokens.count, tokens[next + 1].isWord { next += 1 }
        return ImportUse(module: tokens[next].text, line: tokens[index].line, dress: dress(of: tokens, before: index))
    }

    private static func canImport(in tokens: [Token], at index: Int) -> ImportUse? {
        guard index + 2 < tokens.count, tokens[index + 1].text == "(", tokens[index + 2].isWord else { return nil }
        return ImportUse(module: tokens[index + 2].text, line: tokens[index].line, dress: [])
    }

    /// Walks back over attributes, their arguments and access levels.
    private static func dress(of tokens: [Token], before index: Int) -> [String] {
        var found: [String] = []
        var position = index - 1
        while position >= 0 {
            let token = tokens[position]
            if token.text == ")" {
                position = tokens[..<position].lastIndex { $0.text == "(" } ?? 0
            } else if token.isWord, dressWords.contains(token.text) {
                found.append(token.text)
            } else if token.text != "@" {
                break
            }
            position -= 1
        }
        return found.reversed()
    }
}
