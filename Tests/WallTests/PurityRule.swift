/// Is everything below the line a function of its arguments? Finds clocks, chance, concurrency, per-process hashes and the outside
/// world by name, in files that the import table already keeps from importing them.

enum PurityRule {
    /// Words that have no innocent use below the line, with what they would bring in.
    private static let forbidden: [String: String] = [
        "Foundation": "the outside world",
        "FoundationEssentials": "the outside world",
        "Glibc": "the outside world",
        "Dispatch": "threads",
        "Task": "concurrency",
        "TaskGroup": "concurrency",
        "withTaskGroup": "concurrency",
        "withThrowingTaskGroup": "concurrency",
        "withDiscardingTaskGroup": "concurrency",
        "async": "concurrency",
        "await": "concurrency",
        "actor": "concurrency",
        "Thread": "threads",
        "pthread_create": "threads",
        "DispatchQueue": "threads",
        "DispatchTime": "a clock",
        "DispatchWallTime": "a clock",
        "ContinuousClock": "a clock",
        "SuspendingClock": "a clock",
        "clock_gettime": "a clock",
        "gettimeofday": "a clock",
        "mach_absolute_time": "a clock",
        "SystemRandomNumberGenerator": "chance",
        "arc4random": "chance",
        "getrandom": "chance",
        "Hasher": "a hash that differs from process to process",
        "hashValue": "a hash that differs from process to process",
        "getenv": "the environment",
        "ProcessInfo": "the environment",
        "CommandLine": "the environment",
        "fopen": "a file",
        "FileManager": "a file",
        "FileHandle": "a file",
        "readLine": "a file",
        "_silgen_name": "a C function behind the import table's back",
        "_extern": "a C function behind the import table's back",
    ]

    /// Methods that draw from the system unless the caller hands them a generator.
    private static let drawing: Set = ["random", "randomElement", "shuffled", "shuffle"]

    /// Everything impure in the files of pure targets, in order of file and line.
    static func violations(in files: [SourceFile], table: [ImportRow]) -> [Violation] {
        let pure = Set(table.filter { $0.kind == .pure }.map(\.target))
        return files.filter { $0.target.map(pure.contains) ?? false }
            .flatMap { file in
                findings(in: tokens(of: file.text)).map { Violation(file: file.path, line: $0.line, what: $0.what) }
            }
            .sorted()
    }

    private static func findings(in tokens: [Token]) -> [(line: Int, what: String)] {
        tokens.indices.compactMap { index in
            finding(in: tokens, at: index).map { (tokens[index].line, $0) }
        }
    }

    private static func finding(in tokens: [Token], at index: Int) -> String? {
        let token = tokens[index]
        guard token.isWord else { return nil }
        let isMember = index > 0 && tokens[index - 1].text == "."
        let isCalled = index + 1 < tokens.count && tokens[index + 1].text == "("
        if let brings = forbidden[token.text] { return "`\(token.text)` brings in \(brings)" }
        if isMember, token.text == "now" { return "`.now` brings in a clock" }
        if isMember, drawing.contains(token.text), !isCalled || !hasGenerator(tokens, after: index + 1) {
            return "`.\(token.text)` without `using:` brings in chance"
        }
        if isCalled, token.text == "Date" { return "`Date(` brings in a clock" }
        if isCalled, ["print", "debugPrint"].contains(token.text), !isOurs(tokens, at: index) {
            return "`\(token.text)` brings in standard output"
        }
        return nil
    }

    /// Whether a function is declared here, or is a member of something of ours rather than of the standard library's module.
    private static func isOurs(_ tokens: [Token], at index: Int) -> Bool {
        guard index > 0 else { return false }
        if tokens[index - 1].text == "func" { return true }
        return tokens[index - 1].text == "." && !(index > 1 && tokens[index - 2].text == "Swift")
    }

    /// Whether the call whose parenthesis stands at `open` has the label `using:` of its own, not of a call within it.
    private static func hasGenerator(_ tokens: [Token], after open: Int) -> Bool {
        var depth = 0
        for index in open..<tokens.count {
            switch tokens[index].text {
            case "(", "[", "{": depth += 1
            case ")", "]", "}": depth -= 1
            case "using" where depth == 1 && index + 1 < tokens.count && tokens[index + 1].text == ":": return true
            default: break
            }
            if depth == 0 { return false }
        }
        return false
    }
}
