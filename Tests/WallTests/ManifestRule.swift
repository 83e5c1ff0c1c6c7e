/// Does the manifest say what the import table says? Reads `Package.swift` as text: it is our own, its targets and their dependencies
/// are written out, and a test that ran the package manager would wait for the build that runs it.

/// A target of the manifest, as far as the table is concerned.
struct ManifestTarget: Equatable {
    let name: String
    let line: Int
    /// Given only when the target does not stand in `Sources/<name>`.
    let path: String?
    /// Names of targets and products.
    let dependencies: [String]
    /// Words in the list that are no literal: what they stand for cannot be seen.
    let unreadable: [String]
}

enum ManifestRule {
    private static let file = "Package.swift"
    private static let constructors: Set = ["target", "executableTarget", "systemLibrary", "testTarget"]

    /// Where manifest, table and folders differ. `folders` are the names in `Sources`.
    static func violations(in manifest: String, table: [ImportRow], folders: [String]) -> [Violation] {
        let ours = targets(in: manifest).filter { !($0.path ?? "Sources").hasPrefix("Tests") }
        let missing = folders.filter { folder in !ours.contains { $0.name == folder } }
            .map { Violation(file: file, line: 1, what: "no target for Sources/\($0)") }
        return (missing + ours.flatMap { violations(of: $0, table: table) }).sorted()
    }

    private static func violations(of target: ManifestTarget, table: [ImportRow]) -> [Violation] {
        var findings = target.unreadable.map { "\(target.name): write the dependencies out instead of `\($0)`" }
        if let row = table.row(of: target.name) {
            let wanted = Set(row.ours + row.packages)
            let declared = Set(target.dependencies)
            findings += declared.subtracting(wanted).sorted().map { "\(target.name) may not depend on \($0)" }
            findings += wanted.subtracting(declared).sorted()
                .map { "\(target.name) does not depend on \($0), which the table lets it import" }
        } else {
            findings.append("\(target.name) has no row in the import table")
        }
        return findings.map { Violation(file: file, line: target.line, what: $0) }
    }

    /// The targets that the manifest declares, test targets left out.
    static func targets(in manifest: String) -> [ManifestTarget] {
        let tokens = manifestTokens(of: manifest)
        return tokens.indices.compactMap { index in
            guard index >= 1, index + 1 < tokens.count, constructors.contains(tokens[index].text),
                tokens[index - 1].text == ".", tokens[index + 1].text == "(", !isDependency(tokens, at: index)
            else { return nil }
            let arguments = arguments(of: tokens, openedAt: index + 1)
            guard tokens[index].text != "testTarget", let name = arguments["name"]?.first?.literal else { return nil }
            let dependencies = dependencies(in: arguments["dependencies"] ?? [])
            return ManifestTarget(
                name: name,
                line: tokens[index].line,
                path: arguments["path"]?.first?.literal,
                dependencies: dependencies.names,
                unreadable: dependencies.unreadable
            )
        }
    }

    /// `.target(name: "X")` inside another target's `dependencies:` names one, it does not declare one.
    private static func isDependency(_ tokens: [ManifestToken], at index: Int) -> Bool {
        var depth = 0
        for position in stride(from: index - 1, through: 0, by: -1) {
            switch tokens[position].text {
            case ")", "]": depth += 1
            case "(": depth -= 1
            case "[":
                depth -= 1
                if depth < 0 { return position >= 2 && tokens[position - 2].text == "dependencies" }
            default: break
            }
        }
        return false
    }

    /// The tokens of each labelled argument of a call.
    private static func arguments(of tokens: [ManifestToken], openedAt open: Int) -> [String: [ManifestToken]] {
        var found: [String: [ManifestToken]] = [:]
        var label = ""
        var depth = 0
        for index in open..<tokens.count {
            let token = tokens[index]
            if ["(", "["].contains(token.text) { depth += 1 }
            if [")", "]"].contains(token.text) { depth -= 1 }
            if depth == 0 { break }
            let isLabel =
                depth == 1 && token.literal == nil && index + 1 < tokens.count && tokens[index + 1].text == ":"
            if isLabel {
                label = token.text
            } else if !(depth == 1 && [",", ":", "("].contains(token.text)) {
                found[label, default: []].append(token)
            }
        }
        return found
    }

    /// The names in a `dependencies:` list. Of `.product(name: "NIOCore", package: "swift-nio")` only the first literal is a name.
    private static func dependencies(in tokens: [ManifestToken]) -> (names: [String], unreadable: [String]) {
        var names: [String] = []
        var unreadable: [String] = []
        for (index, token) in tokens.enumerated() {
            let label = index >= 2 && tokens[index - 1].text == ":" ? tokens[index - 2].text : nil
            if let literal = token.literal {
                if label == nil || label == "name" { names.append(literal) }
            } else if !["[", "]", "(", ")", ",", ":", ".", "product", "target", "name", "package"].contains(token.text)
            {
                unreadable.append(token.text)
            }
        }
        return (names, unreadable)
    }
}
