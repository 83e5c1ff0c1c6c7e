import Foundation
import Lab
import LabText

/// What stands while the demo runs? The site, two providers of models beyond its uplinks, and martletd in the router.
struct Stage {
    let site: Site
    let alpha: MockProvider
    let beta: MockProvider
    let daemon: ChildProcess
    let martlet: OperatorCommand
    /// When martletd was started.
    let started: Moment

    /// An unprivileged user with these three and no other capability, as the systemd unit gives them.
    static let account = Account(capabilities: ["net_admin", "net_raw", "net_bind_service"])
    /// Between two pieces of a streamed answer, as a model thinks.
    static let pause = Duration.milliseconds(100)

    /// Builds all of it; martletd is started last and may still be at its first probes.
    init(narrator: Narrator) throws {
        let site = try Site()
        self.site = site
        let keys = (alpha: "sk-alpha-of-the-demo", beta: "sk-beta-of-the-demo")
        alpha = try site.mockProvider(.openai, place: 0, name: "alpha", key: keys.alpha, delay: Stage.pause)
        beta = try site.mockProvider(.anthropic, place: 1, name: "beta", key: keys.beta, delay: Stage.pause)

        let workspace = site.workspace
        let places = try ["keys", "state", "run"].map { try Stage.privateDirectory(workspace.path($0)) }
        try Stage.secret(keys.alpha, at: places[0] + "/alpha")
        try Stage.secret(keys.beta, at: places[0] + "/beta")
        let file = workspace.path("martlet.yaml")
        try TextFile.write(SiteFile.text(keys: places[0]), to: file)

        let socket = places[2] + "/martlet.sock"
        let program = try workspace.stage(try Programs.built("martletd"))
        let environment = try Toolchain.environment(toRun: program, in: site.router, as: Stage.account, workspace)
        started = .now
        daemon = try site.router.spawn(
            [program, "--config", file, "--state", places[1], "--socket", socket],
            as: Stage.account,
            environment: environment
        )
        martlet = OperatorCommand(
            program: try Programs.built("martlet"),
            socket: socket,
            namespace: site.router,
            directory: workspace.directory.path,
            narrator: narrator
        )
    }

    /// A directory that only martletd's user may enter.
    private static func privateDirectory(_ path: String) throws -> String {
        guard mkdir(path, 0o700) == 0, chown(path, uid_t(account.user), gid_t(account.group)) == 0 else {
            throw TextFile.Refused(path: path, code: errno)
        }
        return path
    }

    /// A file with closed permissions: the configuration only refers to it.
    private static func secret(_ text: String, at path: String) throws {
        try TextFile.write(text, to: path, mode: 0o400)
        guard chown(path, uid_t(account.user), gid_t(account.group)) == 0 else {
            throw TextFile.Refused(path: path, code: errno)
        }
    }
}

/// martletd did not stay; what it said stands in its error output.
struct DaemonEnded: Error, CustomStringConvertible {
    let description = "martletd has ended"
}
