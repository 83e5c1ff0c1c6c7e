/// Does a change want a confirmation, and where does the operator who makes it work from?
import ArgumentParser
import Control
import Glibc
import NetTypes
import PolicyEngine

struct ConfirmOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take the change back unless it is confirmed within this time: 60s, 5min.",
            valueName: "duration"
        )
    )
    var confirm: DurationArgument?

    @Flag(help: "Run no change on trial, not even of your own path.")
    var noConfirm = false

    func validate() throws {
        guard confirm == nil || !noConfirm else {
            throw ValidationError("--confirm and --no-confirm cannot both be meant.")
        }
        if let confirm, !ConfirmTerms.possible.contains(confirm.value) {
            throw ValidationError("--confirm takes from 1s to 1d.")
        }
    }

    var terms: ConfirmTerms {
        if noConfirm { return ConfirmTerms(.never) }
        return ConfirmTerms(
            confirm == nil ? .whenNeeded : .always,
            within: confirm?.value ?? ConfirmTerms.standard,
            peer: Operator.address
        )
    }
}

/// A length of time as the configuration writes it: `60s`, `5min`.
struct DurationArgument: ExpressibleByArgument, Equatable {
    let value: Span

    init(_ value: Span) { self.value = value }

    init?(argument: String) {
        guard let value = try? Span.parse(argument) else { return nil }
        self.value = value
    }

    /// As help prints it.
    var defaultValueDescription: String { value.description }
}

/// Where does the operator's session come from? From `SSH_CONNECTION`, which sshd(8) sets: of this process, or, where sudo took it
/// away, of one of its parents that we may look at.
enum Operator {
    static var address: IPAddress? {
        address(in: Console.variable("SSH_CONNECTION")) {
            environment(of: $0)
        } parentOf: {
            parent(of: $0)
        }
    }

    /// More parents than this are a loop.
    private static let mostParents = 64

    static func address(
        in variable: String?,
        environmentOf: (pid_t) -> [String],
        parentOf: (pid_t) -> pid_t?
    ) -> IPAddress? {
        if let variable { return peer(variable) }
        var process = getpid()
        for _ in 0..<mostParents {
            guard let parent = parentOf(process), parent > 1 else { return nil }
            let found = environmentOf(parent).first { $0.hasPrefix("SSH_CONNECTION=") }
            if let found { return peer(String(found.dropFirst("SSH_CONNECTION=".count))) }
            process = parent
        }
        return nil
    }

    /// `client port server port`; a link-local client's zone is left out, since its prefix is the link's anyway.
    private static func peer(_ connection: String) -> IPAddress? {
        connection.split(separator: " ").first.flatMap { IPAddress(String($0.prefix { $0 != "%" })) }
    }

    private static func environment(of process: pid_t) -> [String] {
        contents(of: "/proc/\(process)/environ").split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func parent(of process: pid_t) -> pid_t? {
        let lines = String(decoding: contents(of: "/proc/\(process)/status"), as: UTF8.self).split(separator: "\n")
        return lines.first { $0.hasPrefix("PPid:") }.flatMap { pid_t($0.dropFirst(5).drop { $0 == "\t" || $0 == " " }) }
    }

    /// What the kernel shows of a process; nothing where it does not show it to us.
    private static func contents(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        return bytes
    }
}
