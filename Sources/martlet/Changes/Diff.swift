/// `martlet diff`: what differs from what?
import ArgumentParser
import Control

struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What differs: between configurations, from the file, or in the kernel.",
        discussion: """
            Exit status 0 if nothing differs, 1 if something does.

            EXAMPLES
              martlet diff running       what the last change changed
              martlet diff file          what an apply of the file would change in the configuration
              martlet diff kernel        what the kernel has otherwise than the configuration wants it
            """,
        subcommands: [DiffRunning.self, DiffFile.self, DiffKernel.self]
    )

    @OptionGroup var global: GlobalOptions
}

struct DiffRunning: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "running",
        abstract: "The running configuration against an earlier one of the history."
    )

    @Argument(
        help: "The earlier configuration's number; without it, the one that ran before.",
        completion: .custom { words, _, _ in Completion(words).configurations() }
    )
    var number: Int?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let client = global.client
        let earlier = try number ?? Self.previous(in: try client.history())
        try global.compare(try client.configuration(earlier), with: try client.configuration(nil))
    }

    static func previous(in rows: [HistoryRow]) throws(CommandError) -> Int {
        let running = rows.first { $0.state != nil }?.configuration
        guard let found = rows.lazy.filter(\.isKept).compactMap(\.configuration).first(where: { $0 != running }) else {
            throw .failed("no configuration ran before", hint: "see: martlet history")
        }
        return found
    }
}

struct DiffFile: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file",
        abstract: "A file against the running configuration: what an apply would change in it."
    )

    @OptionGroup var file: FileArgument
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let wanted = try LocalConfiguration(path: file.file).servable()
        try global.compare(try global.client.configuration(nil), with: wanted)
    }
}

struct DiffKernel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel",
        abstract:
            "The kernel, read afresh, against what the running configuration wants: the changes that would mend it."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let reply = try global.client.kernelDiff()
        try Console.print(try Output.render(reply, as: global.format))
        guard reply.changes.isEmpty, reply.conflicts.isEmpty else { throw CommandError.answeredNo }
    }
}

extension GlobalOptions {
    fileprivate func compare(_ old: ConfigurationFiles, with new: ConfigurationFiles) throws {
        let difference = TextDifference(from: old, to: new)
        try Console.print(try Output.render(difference, as: format))
        guard difference.isEmpty else { throw CommandError.answeredNo }
    }
}
