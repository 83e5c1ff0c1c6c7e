/// The daemon's command line; `martletd gateway` is what the daemon starts beside itself.
import ArgumentParser
import Control
import Daemon
import Foundation
import Gateway
import Logging

@main
struct Martletd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martletd",
        abstract: "Routes packets and prompts by one configuration.",
        version: MartletVersion.text,
        subcommands: [Serve.self, GatewayProcessCommand.self],
        defaultSubcommand: Serve.self
    )
}

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs in the foreground until SIGTERM; SIGHUP applies the file anew."
    )

    @Option(help: "The configuration file; conf.d/*.yaml beside it is read too.")
    var config = "/etc/martlet/martlet.yaml"
    @Option(help: "Where run-time overrides are kept.")
    var state = "/var/lib/martlet"
    @Option(help: "The control socket; goes before the configuration's.")
    var socket: String?
    @Option(help: "Record every event and its effects here, for 'martlet replay'.")
    var record: String?
    @Flag(help: "Check the configuration and leave: 0 when it can be applied, 1 when not.")
    var check = false

    func run() throws {
        LoggingSystem.bootstrap { _ in JournalHandler() }
        let options = DaemonOptions(configuration: config, stateDirectory: state, socket: socket, recording: record)
        do {
            if check { return try Daemon.check(options) }
            try Daemon(options, executable: "/proc/self/exe", logger: Logger(label: "martletd")).run()
        } catch {
            try? FileHandle.standardError.write(contentsOf: Data("martletd: \(error)\n".utf8))
            throw ExitCode(1)
        }
    }
}

struct GatewayProcessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Serves the model API for the daemon that started it.",
        shouldDisplay: false
    )

    /// The link to the daemon is descriptor 3; the listening sockets follow it.
    private static let link: Int32 = 3

    /// More than can be given to a child.
    private static let most: Int32 = 1024

    @Option(help: "How many listening sockets follow the link.")
    var listeners: Int32
    @Option(help: "How many event loops it has.")
    var loops: Int32
    @Option(help: "How many segments of the ledger follow the listening sockets, one for each loop.")
    var ledger: Int32 = 0

    func run() throws {
        let first = Self.link + 1
        let segments = first + max(0, min(listeners, Self.most))
        let end = segments + max(0, min(ledger, Self.most))
        let status = GatewayService.run(
            linkDescriptor: Self.link,
            listeners: Array(first..<segments),
            loops: Int(max(1, min(loops, Self.most))),
            ledger: Array(segments..<end)
        )
        throw ExitCode(status)
    }
}
