/// `martlet status`: how do things stand, on one screen?
import ArgumentParser
import Control
import NetTypes

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The daemon, both planes, the groups and the alarms on one screen.",
        discussion: """
            EXAMPLES
              martlet status
              martlet status --json | jq '.alarms'
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try Console.print(try Output.render(try global.client.status(), as: global.format))
    }
}

extension StatusReply: TextDisplayable {
    func text(_ style: Style) -> String { text(style, now: Console.now) }

    /// - Parameter now: microseconds since 1970.
    func text(_ style: Style, now: UInt64) -> String {
        (head(style, now) + groupLines(style) + alarmLines(style)).joined(separator: "\n")
    }

    private func head(_ style: Style, _ now: UInt64) -> [String] {
        let up = Span(nanoseconds: Int64(clamping: now > startedAt ? (now - startedAt).multipliedClamped(by: 1000) : 0))
        let number = configuration.map { ", configuration \($0)" } ?? ""
        var lines = ["martletd \(version), up \(Moment.age(up)), generation \(generation)\(number)"]
        lines.append("files    " + (files.isEmpty ? "none: nothing was applied yet" : files.joined(separator: " ")))
        lines.append("network  " + words(network))
        lines.append("models   " + words(models) + (models == nil ? "" : "; gateway \(gateway)"))
        return lines.map { style.apply(.plain, to: $0) } + (fileDiffers.map { [style.apply(.warning, to: $0)] } ?? [])
            + (trial.map { $0.lines(style) } ?? [])
    }

    private func words(_ plane: PlaneStatus?) -> String {
        guard let plane else { return "not configured" }
        return "\(counted(plane.groups, "group")), \(plane.membersUp) of \(counted(plane.members, "member")) up"
    }

    private func groupLines(_ style: Style) -> [String] {
        guard !groups.isEmpty else { return [] }
        return ["", Table.render(GroupRow.columns, groups.map(\.cells), style)]
    }

    private func alarmLines(_ style: Style) -> [String] {
        guard !alarms.isEmpty else { return ["", style.apply(.good, to: "no alarms")] }
        return [""] + section("alarms", alarms, .bad, style)
    }
}

extension UInt64 {
    /// The product, or the largest number if it does not fit.
    fileprivate func multipliedClamped(by factor: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
