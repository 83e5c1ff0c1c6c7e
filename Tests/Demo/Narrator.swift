import Glibc

/// How does the demo speak? Plain text, every line written at once; colour only on a terminal (and not with NO_COLOR, no-color.org).
final class Narrator {
    private let isColoured: Bool
    /// What stands above: a blank line parts what is of another kind.
    private var last = Kind.nothing

    private enum Kind {
        case nothing, title, words, command, output, finding
    }

    private enum Style: String {
        case title = "\u{1B}[1m"
        case command = "\u{1B}[36m"
        case good = "\u{1B}[32m"
        case bad = "\u{1B}[31m"
        case plain = "\u{1B}[0m"
    }

    init() {
        isColoured = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil
    }

    /// Begins a part of the demo.
    func title(_ text: String) {
        begin(.title)
        write(styled(text, .title) + "\n")
    }

    /// A sentence or a few.
    func say(_ text: String) {
        begin(.words)
        write(text + "\n")
    }

    /// A command as a newcomer would type it in one of the namespaces.
    func command(_ text: String, in place: String = "router") {
        begin(.command)
        write("  \(place)$ " + styled(text, .command) + "\n")
    }

    /// What a command printed.
    func output(_ text: String) {
        last = .output
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let end = lines.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? 0
        for line in lines[..<end] { write(line.isEmpty ? "\n" : "    \(line)\n") }
    }

    /// Text that comes piece by piece.
    func piece(_ text: String) {
        last = .output
        write(text)
    }

    /// What was found of one expectation.
    func finding(_ figure: Figure) {
        if last != .finding { begin(.finding) }
        let mark = styled(figure.mark, figure.isHeld ? .good : .bad)
        write("  \(mark)  \(figure.sentence)\n")
    }

    /// Why the demo could not go on.
    func failure(_ text: String) {
        begin(.words)
        write(styled("martlet-demo: \(text)", .bad) + "\n")
    }

    private func begin(_ kind: Kind) {
        if last != .nothing { write("\n") }
        last = kind
    }

    private func styled(_ text: String, _ style: Style) -> String {
        isColoured ? style.rawValue + text + Style.plain.rawValue : text
    }

    private func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
