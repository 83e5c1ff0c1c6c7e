import Glibc
import LabText
import Synchronization

/// What has come in, and what became of it? One JSON line a request, in a file and in memory.
final class Journal: Sendable {
    /// Headers worth keeping, in lower case; a key is kept because the judge must see which one a gateway sent.
    private static let keptHeaders = [
        "authorization", "x-api-key", "anthropic-version", "content-type", "content-length", "transfer-encoding",
        "user-agent", "accept", "host", "connection",
    ]
    /// Requests kept in memory for `/_mock/requests`; the file has all.
    private static let mostKept = 10_000

    fileprivate struct State {
        var count = 0
        var underWay = 0
        var entries: [JSON] = []
        var outcomes: [(word: String, count: Int)] = []
        var clientsGone = 0
        var connections = 0
    }

    private let state = Mutex(State())
    private let file: CInt

    init(path: String?) throws(CommandOptions.Misuse) {
        file = path.map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) } ?? -1
        if let path, file < 0 { throw CommandOptions.Misuse("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { if file >= 0 { close(file) } }

    /// Counts a new connection.
    func noteConnection() {
        state.withLock { $0.connections += 1 }
    }

    /// Numbers a request, from 1.
    func begin() -> Int {
        state.withLock { state in
            state.count += 1
            state.underWay += 1
            return state.count
        }
    }

    /// Writes down how request `number` ended.
    func end(_ request: Request, _ visit: Visit) {
        let entry = Journal.entry(request, visit)
        state.withLock { state in
            state.underWay -= 1
            if visit.clientLeftEarly { state.clientsGone += 1 }
            state.count(visit.outcome)
            if state.entries.count < Journal.mostKept { state.entries.append(entry) }
        }
        guard file >= 0 else { return }
        let line = Array((entry.description + "\n").utf8)
        _ = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }  // one write: lines of two loops do not mix
    }

    private static func entry(_ request: Request, _ visit: Visit) -> JSON {
        let kept = keptHeaders.compactMap { name in request.header(name).map { JSON.Member(name, .string($0)) } }
        let body = shown(request.body)
        return [
            "number": .integer(visit.number), "at_ns": .integer(visit.began.nanoseconds),
            "ms": .number(visit.ended.milliseconds(since: visit.began)), "from": .string(visit.peer),
            "method": .string(request.method), "path": .string(request.path), "headers": .object(kept),
            "body": request.body.isEmpty ? nil : body, "mode": .string(visit.mode), "outcome": .string(visit.outcome),
            "status": visit.status.map { .integer($0) } ?? nil, "client_left_early": .bool(visit.clientLeftEarly),
        ]
    }

    private static func shown(_ body: [UInt8]) -> JSON {
        guard body.count <= mostBytes else { return .string("\(body.count) bytes") }
        return (try? JSON.parse(body)) ?? .string(String(decoding: body, as: UTF8.self))
    }

    /// Bytes of a body that are written down; nobody looks for words in what is larger.
    private static let mostBytes = 4 << 20

    /// All requests that have ended.
    var requests: JSON { state.withLock { .array($0.entries) } }

    /// Counts only.
    func stats(name: String, mode: Mode, isOpen: Bool) -> JSON {
        state.withLock { state in
            [
                "name": .string(name), "mode": .string(mode.word), "times": mode.times.map { .integer($0) } ?? nil,
                "listening": .bool(isOpen), "connections": .integer(state.connections),
                "requests": .integer(state.count), "under_way": .integer(state.underWay),
                "clients_gone": .integer(state.clientsGone),
                "outcomes": .object(state.outcomes.map { JSON.Member($0.word, .integer($0.count)) }),
            ]
        }
    }

    /// Forgets all requests and counts; those under way go on.
    func reset() {
        state.withLock { $0 = State(underWay: $0.underWay) }
    }
}

extension Journal.State {
    fileprivate mutating func count(_ word: String) {
        if let index = outcomes.firstIndex(where: { $0.word == word }) {
            outcomes[index].count += 1
        } else {
            outcomes.append((word, 1))
        }
    }
}

/// One request's passage.
struct Visit: Sendable {
    var number: Int
    var began: Moment
    var ended: Moment
    var peer: String
    var mode: String
    var outcome: String
    var status: Int?
    var clientLeftEarly: Bool
}
