package import Foundation
import LabText
import Synchronization

/// Who answers for everything the lab has made? Namespaces, processes and files belong to one workspace, and go with it: when it is
/// torn down, when it is released, when the program is interrupted, and at the latest when the next program starts its lab.
package final class Workspace: Sendable {
    /// `mt<pid>-<n>`: the pid tells a later janitor whether the maker still lives.
    package let name: String
    /// A directory for configuration, sockets, logs and captured output. Others may enter and read.
    package let directory: URL

    private struct Holdings {
        var namespaces: [Namespace] = []
        var children: [ChildProcess] = []
        var isTornDown = false
    }

    private let holdings = Mutex(Holdings())
    private static let count = Atomic<Int>(0)

    /// Makes an empty workspace and, once a process, removes what dead ones left behind.
    package init() throws {
        _ = Workspace.sweptOnce
        name = "\(Janitor.prefix)\(getpid())-\(Workspace.count.wrappingAdd(1, ordering: .relaxed).newValue)"
        directory = Janitor.directoryRoot.appending(path: name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        Interruption.register(self)
    }

    deinit { tearDown() }

    private static let sweptOnce: Void = { Janitor.sweep() }()

    /// Asked for something after its tear-down.
    package struct TornDown: Error {}

    /// Makes the namespaces called `roles`, each under this workspace's name.
    package func makeNamespaces(_ roles: [String]) throws -> [Namespace] {
        let made = roles.map { Namespace(role: $0, name: "\(name)-\($0)", directory: directory.path) }
        let lines = made.map { "netns add \($0.name)\n" }.joined()
        let command = Command(arguments: [try Programs.installed("ip"), "-batch", "-"], input: lines)
        // Under the lock: a tear-down that comes meanwhile waits, and then removes what was made.
        try holdings.withLock { holdings in
            guard !holdings.isTornDown else { throw TornDown() }
            holdings.namespaces += made
            _ = try command.run()
        }
        for namespace in made { namespace.onSpawn { [weak self] in self?.adopt($0) } }
        return made
    }

    /// A path in this workspace's directory.
    package func path(_ file: String) -> String {
        directory.appending(path: file).path
    }

    /// A copy of the program at `path` where an unprivileged user can run it: a build directory often is closed to others.
    ///
    /// Copied by a process of its own: were it open for writing here, a child that another test forks meanwhile would hold it
    /// open until its own exec, and running the copy would fail (`ETXTBSY`).
    package func stage(_ path: String) throws -> String {
        let source = URL(filePath: path)
        let copy = directory.appending(path: source.lastPathComponent)
        if !FileManager.default.fileExists(atPath: copy.path) {
            _ = try Command(arguments: [Programs.installed("install"), "-m", "755", source.path, copy.path]).run()
        }
        return copy.path
    }

    /// Ends every process, removes every namespace and every file. Doing it again does nothing.
    package func tearDown() {
        let held = holdings.withLock { holdings in
            defer { holdings = Holdings(isTornDown: true) }
            return holdings.isTornDown ? nil : holdings
        }
        guard let held else { return }
        Workspace.end(held.children)
        Janitor.remove(namespaces: held.namespaces.map(\.name))
        removeDirectory()
        Interruption.forget(self)
    }

    /// Another thread may still write a file into it while it is being removed; once it is gone, none can.
    private func removeDirectory() {
        for _ in 0..<Workspace.removals where FileManager.default.fileExists(atPath: directory.path) {
            guard (try? FileManager.default.removeItem(at: directory)) == nil else { return }
            rest(.milliseconds(5))
        }
    }

    /// Tries at removing the directory. Each failure takes a file that was written in a window of microseconds.
    private static let removals = 20

    /// Asks all to end, and makes those end that have not within the patience that all share.
    private static func end(_ children: [ChildProcess]) {
        for child in children { child.signal(SIGTERM) }
        let deadline = Moment.now.after(ChildProcess.patience)
        for child in children {
            while child.isRunning && Moment.now < deadline { rest(.milliseconds(1)) }
            if child.isRunning { child.stop(with: SIGKILL) }
        }
    }

    /// Takes over a process that was started elsewhere in the lab.
    func adopt(_ child: ChildProcess) {
        let tooLate = holdings.withLock { holdings in
            if !holdings.isTornDown { holdings.children.append(child) }
            return holdings.isTornDown
        }
        if tooLate { child.stop(with: SIGKILL) }
    }
}
