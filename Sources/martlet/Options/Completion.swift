/// Which names does the daemon have, for a shell that completes a word?
import ArgumentParser
import Control
import Inference
import NetTypes

/// Whatever the daemon has, or nothing: a shell's completion is no place for errors.
struct Completion {
    private let client: ControlClient

    /// - Parameter words: the command line so far, which may name the socket.
    init(_ words: [String]) {
        let named = words.firstIndex(of: "--socket").flatMap { words.dropFirst($0 + 1).first }
        let path = GlobalOptions.socketPath(option: named, variable: Console.variable)
        client = ControlClient(socketPath: path, limits: Self.patience)
    }

    /// A shell waits for this at every TAB.
    private static let patience = ControlClient.Limits(
        connect: .milliseconds(300),
        answer: .milliseconds(700),
        body: 4 << 20,
        event: 0
    )

    /// `group.member` of both planes.
    func members() -> [String] { Set(((try? client.members()) ?? []).map(\.name)).sorted() }

    /// Network policies, in their order.
    func policies() -> [String] { ((try? client.policies()) ?? []).map(\.name) }

    /// Configurations that one can go back to, newest first.
    func configurations() -> [String] {
        let rows = (try? client.history()) ?? []
        return rows.filter(\.isKept).compactMap(\.configuration).reduce(into: []) { seen, number in
            if !seen.contains("\(number)") { seen.append("\(number)") }
        }
    }

    /// Keys that were made at run time.
    func storedKeys() -> [String] { ((try? client.keys()) ?? []).filter { $0.origin == "stored" }.map(\.name) }

    /// Groups of models, and their members.
    func models() -> [String] {
        let members = ((try? client.members()) ?? []).filter { $0.plane == "models" }.map(\.name)
        return Set(members.flatMap { [$0, String($0.prefix { $0 != "." })] }).sorted()
    }

    /// Ids of the last model requests, newest first.
    func decisions() -> [String] { ((try? client.decisions()) ?? []).prefix(20).map(\.id) }
}
