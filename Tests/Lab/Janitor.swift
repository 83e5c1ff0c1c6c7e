package import Foundation

/// What did earlier runs leave behind? A run that was killed outright could not clean up; its namespaces carry its pid.
package enum Janitor {
    /// Every namespace and directory of the lab begins with this and the pid of its maker.
    package static let prefix = "mt"
    /// With this begins what this very process makes.
    package static var ownPrefix: String { "\(prefix)\(getpid())-" }
    /// Where the workspaces' directories stand.
    package static let directoryRoot = URL(filePath: "/tmp/martlet-lab")

    /// Removes the namespaces and directories whose maker no longer lives. What is not named by the lab is left alone.
    package static func sweep() {
        remove(namespaces: namespaces().filter { isAbandoned($0) })
        for entry in directories() where isAbandoned(entry) {
            try? FileManager.default.removeItem(at: directoryRoot.appending(path: entry))
        }
    }

    /// The named network namespaces of this host.
    package static func namespaces() -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns").sorted()) ?? []
    }

    /// Ends what still runs inside the named namespaces and deletes them.
    static func remove(namespaces names: [String]) {
        let present = Set(namespaces())
        for name in names where present.contains(name) {
            guard let ip = try? Programs.installed("ip") else { return }
            let inside = (try? Command(arguments: [ip, "netns", "pids", name]).run()) ?? ""
            for pid in inside.split(separator: "\n").compactMap({ pid_t($0) }) { kill(pid, SIGKILL) }
            _ = try? Command(arguments: [ip, "netns", "delete", name]).attempt()
        }
    }

    /// Whether `name` is of the lab (`mt<pid>-<n>` and what follows) and process `pid` is gone.
    static func isAbandoned(_ name: String) -> Bool {
        guard name.hasPrefix(prefix) else { return false }
        let parts = name.dropFirst(prefix.count).split(separator: "-", maxSplits: 2)
        guard parts.count >= 2, let pid = pid_t(parts[0]), pid > 0, Int(parts[1]) != nil else { return false }
        return kill(pid, 0) != 0 && errno == ESRCH
    }

    private static func directories() -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directoryRoot.path).sorted()) ?? []
    }
}
