/// With which status does the program end, and what does it say on standard error?
import ArgumentParser
import Control

/// The statuses scripts may rely on.
enum ExitStatus: Int32 {
    case done = 0
    /// The answer is no, or the file is wrong.
    case no = 1
    case usage = 2
    /// The daemon cannot be reached, or does not answer.
    case unreachable = 3
}

/// Why a command ends otherwise than `done`.
enum CommandError: Error, Equatable {
    /// The answer has been printed already, and it is no.
    case answeredNo
    /// The file is wrong: what is wrong, each with its place, and a sentence to end with.
    case wrongFile(diagnostics: [String], summary: String)
    /// Something on this machine is in the way.
    case failed(String, hint: String? = nil)
}

extension Martlet {
    /// Runs the command the arguments ask for and says what there is to say.
    static func status(of arguments: [String]) -> ExitStatus {
        do {
            var command = try parseAsRoot(arguments)
            try command.run()
            return .done
        } catch let error as CommandError {
            Console.complain(error.lines)
            return .no
        } catch let error as ControlError {
            Console.complain(error.lines)
            return error.isAnswer ? .no : .unreachable
        } catch {
            return statusOfParsing(error, of: arguments)
        }
    }

    /// Help, version and completion scripts come as errors too; they are what was asked for. ArgumentParser's own status for
    /// wrong usage (64) becomes ours.
    private static func statusOfParsing(_ error: any Error, of arguments: [String]) -> ExitStatus {
        let message = fullMessage(for: error)
        switch exitCode(for: error) {
        case .success:
            return Console.write(message.hasSuffix("\n") ? message : message + "\n") ? .done : .no
        case .validationFailure:
            var lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            if message.hasPrefix("Error: ") { lines[0] = "martlet: " + lines[0].dropFirst(7) }
            if let hint = UnknownWord.hint(for: arguments) { lines.insert("    hint: \(hint)", at: 1) }
            Console.complain(lines)
            return .usage
        default:
            Console.complain(["martlet: \(message)"])
            return .no
        }
    }
}

extension CommandError {
    /// The lines for standard error. Places come first on their line, so that editors find them.
    var lines: [String] {
        switch self {
        case .answeredNo: []
        case .wrongFile(let diagnostics, let summary): diagnostics + ["martlet: \(summary)"]
        case .failed(let message, let hint): ["martlet: \(message)"] + (hint.map { ["    hint: \($0)"] } ?? [])
        }
    }
}

extension ControlError {
    /// The lines for standard error.
    var lines: [String] { messages.map { "martlet: \($0)" } + (hint.map { ["    hint: \($0)"] } ?? []) }
}
