/// `martlet doctor`: what on this host will fight us, with the exact fix.
import ArgumentParser
import Control

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "What on this host will work against the configuration, each with its fix.",
        discussion: """
            Looks at other managers of the network, sysctls, other daemons' ids, marks, tables and rules inside our windows, the
            kernel's features, file permissions and the clock. With --leaks also by what packets could pass beside the policy.
            Changes nothing and needs no daemon; the kernel's features are tried out in a namespace of their own, as root.
            Exit status 1 if something will fight.

            EXAMPLES
              martlet doctor
              martlet doctor --leaks ./martlet.yaml
              martlet doctor --json | jq -r '.findings[] | select(.severity == "fights") | .fix'
            """
    )

    @OptionGroup var file: FileArgument

    @Flag(help: "Also say by what packets could pass beside the policy.")
    var leaks = false

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let doctor = Doctor(facts: try HostFacts.gather(configuration: file.file))
        let report = DoctorReport(findings: doctor.findings + (leaks ? doctor.leaks : []))
        try Console.print(try Output.render(report, as: global.format))
        guard report.isWell else { throw CommandError.answeredNo }
    }
}

struct DoctorReport: Encodable {
    let findings: [Finding]
    let isWell: Bool

    init(findings: [Finding]) {
        self.findings = findings
        isWell = !findings.contains { $0.severity == .fights }
    }
}

extension DoctorReport: TextDisplayable {
    func text(_ style: Style) -> String {
        guard !findings.isEmpty else { return style.apply(.good, to: "nothing on this host will fight us") }
        let lines = findings.flatMap { finding in
            let head = style.apply(finding.severity == .fights ? .bad : .warning, to: finding.severity.rawValue)
            return [
                "\(head)  \(style.apply(.plain, to: finding.words)) \(style.apply(.quiet, to: "(\(finding.code))"))"
            ]
                + (finding.fix.map { ["        fix: " + style.apply(.strong, to: $0)] } ?? [])
        }
        return (lines + [style.apply(isWell ? .good : .bad, to: summary)]).joined(separator: "\n")
    }

    private var summary: String {
        let fighting = findings.count { $0.severity == .fights }
        return fighting == 0 ? "nothing will fight us" : "\(counted(fighting, "thing")) will fight us"
    }
}
