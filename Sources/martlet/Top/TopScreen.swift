/// Where do the looks of `martlet top` go? Over one another on a terminal, else one after the other.
import Glibc
import NetTypes

struct TopScreen {
    private let format: Output.Format
    private let isTerminal: Bool
    /// Lines of the look that stands on the terminal now.
    private var standing = 0

    init(format: Output.Format, isTerminal: Bool) { (self.format, self.isTerminal) = (format, isTerminal) }

    mutating func show(_ frame: TopFrame) throws {
        guard case .text(let style) = format else {
            return try Console.print(try Output.renderLine(frame, as: .json))
        }
        var lines = frame.text(style).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if isTerminal {
            lines = Self.fitting(lines, into: Self.height)
            guard Console.write(Self.redraw(lines, over: standing)) else { throw CommandError.failed("cannot write") }
            standing = lines.count
        } else {
            try Console.print(lines.joined(separator: "\n") + "\n")
        }
    }

    /// As many lines as stand on the screen, with a word about the rest.
    static func fitting(_ lines: [String], into height: Int) -> [String] {
        guard lines.count > height, height > 2 else { return lines }
        let shown = height - 1
        return Array(lines.prefix(shown)) + ["and \(lines.count - shown) more"]
    }

    /// One write: up to the first line of the look before, then each line with what was behind it erased, then what was below. What is
    /// written over is never blank in between, and a line that is too long is cut by the terminal (ECMA-48; `?7` is xterm's auto-wrap).
    static func redraw(_ lines: [String], over standing: Int) -> String {
        let up = standing > 0 ? "\r\u{1B}[\(standing)A" : ""
        return "\u{1B}[?7l" + up + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J\u{1B}[?7h"
    }

    /// Lines that fit above the one with the cursor.
    private static var height: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 1 else { return 24 - 1 }
        return Int(size.ws_row) - 1
    }
}

extension TopFrame: TextDisplayable {
    func text(_ style: Style) -> String { text(style, in: .local) }

    func text(_ style: Style, in zone: Moment.Zone) -> String {
        let head = style.apply(
            .quiet,
            to: "\(Moment.timeOfDay(at, in: zone).prefix(8))  over \(Span.milliseconds(interval.milliseconds))"
        )
        let table = rows.isEmpty ? TopLine.none : Table.render(TopLine.columns, rows.map(\.cells), style)
        return head + "\n" + table
    }
}
