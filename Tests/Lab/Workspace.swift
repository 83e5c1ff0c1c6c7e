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

    /// Makes the namespaces called `roles`, each under this workspace's name.
    package func makeNamespaces(_ roles: [String]) throws -> [Namespace] {
        let made = roles.map { Namespace(role: $0, name: "\(name)-\($0)", directory: directory.path) }
        holdings.withLock { $0.namespaces += made }
        let lines = made.map { "netns add \($0.name)\n" }.joined()
        _ = try Command(arguments: [Programs.installed("ip"), "-batch", "-"], input: lines).run()
        for namespace in made { namespace.onSpawn { [weak self] in self?.adopt($0) } }
        return made
    }

    /// A path in this workspace's directory.
    package func path(_ file: String) -> String {
        directory.appending(path: file).path
    }

    /// A copy of the program at `path` where an unprivileged user can run it: a build directory often is closed to others.
    package func stage(_ path: String) throws -> String {
        let source = URL(filePath: path)
        let copy = directory.appending(path: source.lastPathComponent)
        if !FileManager.default.fileExists(atPath: copy.path) {
            try FileManager.default.copyItem(at: source, to: copy)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: copy.path)
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
        try? FileManager.default.removeItem(at: directory)
        Interruption.forget(self)
    }

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
