import Foundation

extension Workspace {
    /// The words to put before a command so that it runs under the system-call filter of the unit (systemd/martletd.service), as under
    /// systemd: calls that the unit does not name fail with EPERM, and no privilege is gained any more.
    ///
    /// The filter is made anew each time; keep the words.
    package func confinement() throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let python = [try Programs.installed("python3"), "-I", "-S"]
        let script = try stage(root.appending(path: "Tests/Confine/confine.py").path)
        let filter = path("system-calls.bpf")
        let unit = root.appending(path: "systemd/martletd.service").path
        _ = try Command(arguments: python + [script, "compile", unit, filter]).run()
        return python + [script, "run", filter]
    }
}
