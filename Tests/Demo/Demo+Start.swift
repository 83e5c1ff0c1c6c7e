import Lab
import LabText

/// Step 1: does martletd come up, with no more privilege than it needs?
extension Demo {
    /// From the start of the process to healthy uplinks; the probes of a fresh start come at once.
    private static let startLimit = Duration.seconds(10)

    mutating func start() throws {
        let site = stage.site
        narrator.say(
            """
                                       wan0 ┌──────┐ up0
                                eth0 ┌──────┤ isp1 ├──────┐  ┌──────┐
              ┌────────┐   ┌────────┐│      └──────┘      └──┤      │ an echo, probe targets,
              │ client ├───┤ router ├┤                       │ far  │ model providers alpha (OpenAI's
              └────────┘   └────────┘│      ┌──────┐      ┌──┤      │ API) and beta (Anthropic's)
                                eth1 └──────┤ isp2 ├──────┘  └──────┘
                                            └──────┘

            Five namespaces of this demo alone (\(site.workspace.name)-client, -router, …); your own network is not touched. martletd
            runs in the router: one file says that packets leave by eth0, or by eth1 when eth0's far side is dead, and that chats go
            to alpha, or to beta when alpha fails. To look for yourself while the demo runs:

                export MARTLET_SOCKET=\(stage.martlet.socket)
                \(stage.martlet.program) status
            """
        )
        narrator.command("cat martlet.yaml")
        narrator.output(
            TextFile.read(site.workspace.path("martlet.yaml")).replacing(stage.martlet.directory, with: "…")
        )
        narrator.title("1. martletd starts, as an unprivileged user")
        try waitUntilUp()
        try showPrivileges()
        try stage.martlet.show("status")
        try stage.martlet.show("show", "members")
    }

    private mutating func waitUntilUp() throws {
        let up = try eventually("both uplinks up in both families", within: Demo.startLimit, every: .milliseconds(20)) {
            guard stage.daemon.isRunning else { throw DaemonEnded() }
            let health = try? stage.martlet.health()
            return Demo.uplinks.allSatisfy { health?[$0] == "up" } ? Moment.now : nil
        }
        expect(
            "from the start of martletd until its uplinks are up",
            milliseconds: up.milliseconds(since: stage.started),
            atMost: 3000
        )
    }

    /// Every uplink in every family, as `show members` names them.
    static let uplinks = ["wan.fiber ipv4", "wan.fiber ipv6", "wan.cable ipv4", "wan.cable ipv6"]

    private mutating func showPrivileges() throws {
        let status = "/proc/\(stage.daemon.pid)/status"
        narrator.command(
            "grep -E 'Uid|CapEff' \(status)    # capabilities 10, 12, 13: bind service, net admin, net raw"
        )
        let lines = TextFile.read(status).split(separator: "\n").filter {
            $0.hasPrefix("Uid") || $0.hasPrefix("CapEff")
        }
        narrator.output(lines.joined(separator: "\n"))
        let capabilities = lines.last?.split(separator: "\t").last.map(String.init) ?? ""
        expect("capabilities of martletd", is: capabilities, "0000000000003400")
    }
}
