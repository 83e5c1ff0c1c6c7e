/// How is a drain's progress shown? In place on a terminal, else a line whenever the number changes.
import Control
import NetTypes

struct DrainProgress {
    private let reply: AdminReply
    private let format: Output.Format
    private let isTerminal: Bool
    private let start = Console.uptime
    private var shown: Int?

    init(_ reply: AdminReply, format: Output.Format, isTerminal: Bool) {
        (self.reply, self.format, self.isTerminal) = (reply, format, isTerminal)
    }

    private static let look = Span.seconds(1)

    /// Once, without waiting.
    func tell(_ flows: FlowsReply?) throws {
        try Console.print(try Output.render(DrainReport(reply, flows: flows?.total), as: format))
    }

    /// Until no flow is left. Throws when there still are some after `limit`.
    mutating func follow(_ client: ControlClient, within limit: Span) throws {
        if format != .json { try Console.print(reply.words) }
        while true {
            let count = try client.flows(on: reply.member).total
            let waited = Span(nanoseconds: Console.uptime.nanoseconds - start.nanoseconds)
            let isOver = count == 0 || waited >= limit
            try show(count, waited, isLast: isOver)
            if count == 0 { return }
            guard !isOver else {
                throw CommandError.failed(
                    "\(counted(count, "flow")) still on \(reply.member) after \(Moment.age(waited)); it stays drained",
                    hint:
                        "cut them with 'martlet down \(reply.member)', or take it back with 'martlet undrain \(reply.member)'"
                )
            }
            Console.sleep(min(Self.look, Span(nanoseconds: limit.nanoseconds - waited.nanoseconds)))
        }
    }

    private mutating func show(_ count: Int, _ waited: Span, isLast: Bool) throws {
        let report = DrainReport(reply, flows: count, waited: waited)
        guard case .text(let style) = format else {
            if count != shown || isLast { try Console.print(try Output.renderLine(report, as: format)) }
            shown = count
            return
        }
        let line = style.apply(count == 0 ? .good : .plain, to: report.progress)
        if isTerminal {
            // Over the line before, with the rest of it erased (ECMA-48 §8.3.41).
            guard Console.write((shown == nil ? "" : "\r") + line + "\u{1B}[K" + (isLast ? "\n" : "")) else {
                throw CommandError.failed("cannot write")
            }
        } else if count != shown || isLast {
            try Console.print(line)
        }
        shown = count
    }
}

/// What `martlet drain` says: what was set, and what is still on the member.
struct DrainReport: Encodable, Equatable {
    let member: String
    let admin: String
    let words: String
    /// Left out where nobody counts.
    let flows: Int?
    /// Since the drain was set; only while waiting.
    let waited: Span?

    init(_ reply: AdminReply, flows: Int?, waited: Span? = nil) {
        (member, admin, words) = (reply.member, reply.admin, reply.words)
        (self.flows, self.waited) = (flows, waited)
    }

    /// One line of waiting.
    var progress: String {
        let count = flows ?? 0
        let after = waited.map { " after \(Moment.age($0))" } ?? ""
        return count == 0
            ? "no flow is left on \(member)\(after)" : "\(counted(count, "flow")) left on \(member)\(after)"
    }
}

extension DrainReport: TextDisplayable {
    func text(_ style: Style) -> String {
        guard let flows else { return style.apply(.plain, to: words) }
        let ends = flows == 1 ? "its end" : "their end"
        let rest = flows == 0 ? "no flow is left on it" : "\(counted(flows, "flow")) left; --wait waits for \(ends)"
        return style.apply(.plain, to: words) + "\n" + style.apply(flows == 0 ? .good : .plain, to: rest)
    }
}
