/// `martlet check`: is a file right? Works without a daemon and changes nothing.
import ArgumentParser

/// Which configuration a command is about.
struct FileArgument: ParsableArguments {
    static let standard = "/etc/martlet/martlet.yaml"

    @Argument(
        help: "The configuration; conf.d/*.yaml beside it belongs to it.",
        completion: .file(extensions: ["yaml"])
    )
    var file = standard
}

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validate a configuration offline; say all that is wrong with it at once.",
        discussion: """
            Exit status 0 if it is right, 1 if not. What is right but not served by this version is listed; 'plan' and 'apply'
            refuse it.

            EXAMPLES
              martlet check
              martlet check ./martlet.yaml
              martlet check --json ./martlet.yaml | jq -r '.errors[].message'
            """
    )

    @OptionGroup var file: FileArgument
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let local = LocalConfiguration(path: file.file)
        let report = local.report
        switch global.format {
        case .json:
            try Console.print(try Output.render(report, as: .json))
            guard report.ok else { throw CommandError.answeredNo }
        case .text:
            guard report.ok else { throw CommandError.wrong(report) }
            try Console.print(try Output.render(report, as: global.format))
        }
    }
}

extension CommandError {
    /// All that is wrong with a file.
    static func wrong(_ report: CheckReport) -> CommandError {
        .wrongFile(
            diagnostics: report.errors.map(\.text),
            summary: "\(report.file): \(counted(report.errors.count, "error"))"
        )
    }

    /// All in a right file that cannot be applied.
    static func unserved(_ report: CheckReport) -> CommandError {
        .wrongFile(
            diagnostics: report.unserved.map(\.text),
            summary:
                "\(report.file): not applicable, \(counted(report.unserved.count, "part")) not served by this version"
        )
    }
}
