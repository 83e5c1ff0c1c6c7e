/// Which connection serves this attempt? Idle ones of the same provider and path, else a new one. One pool for each loop, so
/// that client and provider are served by the same thread.
import Inference
import NIOCore
import NetTypes

/// Touched on its own loop only.
final class UpstreamPool {
    /// A connection is there, or there will be none.
    typealias Answer = (Result<any UpstreamSide, ConnectFailure>) -> Void

    private let connector: UpstreamConnector
    private let eventLoop: any EventLoop
    private var shelves: [UpstreamKey: Shelf] = [:]
    /// Where was looked last: most requests go where the one before went.
    private var last: (key: UpstreamKey, shelf: Shelf)?
    private var isSweeping = false

    /// Connections of one key. Of HTTP/1.1 the idle ones: the last to become idle is the first to be used, so that the others may age and go.
    /// Of HTTP/2 all that take new streams: the first that has room is used, for the same reason.
    final class Shelf {
        fileprivate var idle: [UpstreamConnection] = []
        fileprivate var shared: [UpstreamHTTP2] = []
        private let onAdded: () -> Void

        fileprivate init(onAdded: @escaping () -> Void) { self.onAdded = onAdded }

        func add(_ connection: UpstreamHTTP2) {
            shared.append(connection)
            onAdded()
        }

        func remove(_ connection: UpstreamHTTP2) { shared.removeAll { $0 === connection } }
    }

    init(_ connector: UpstreamConnector, on eventLoop: any EventLoop) {
        self.connector = connector
        self.eventLoop = eventLoop
    }

    /// Makes a connection: the answer comes later, and the race can be cancelled.
    func connect(
        _ order: ConnectOrder,
        trusting trust: UpstreamTrust?,
        _ answer: @escaping Answer
    ) -> ConnectRace {
        connector.connect(order, trusting: trust, pool: self, answer)
    }

    /// A connection that fits and has nothing to do, or a stream of one that has room, if there is one.
    func takeIdle(_ order: ConnectOrder, trusting trust: UpstreamTrust?) -> (any UpstreamSide)? {
        guard !order.mustBeFresh else { return nil }
        let shelf = shelf(of: UpstreamKey(order, trust))
        if let shared = shelf.shared.first(where: { order.families.contains($0.family) && $0.hasRoom }) {
            return shared.open()
        }
        guard let place = shelf.idle.lastIndex(where: { order.families.contains($0.family) }) else { return nil }
        return shelf.idle.remove(at: place)
    }

    /// There are as many as a configuration has providers and paths; they are kept.
    func shelf(of key: UpstreamKey) -> Shelf {
        if let last, last.key == key { return last.shelf }
        let shelf = shelves[key] ?? Shelf { [unowned self] in sweepLater() }
        shelves[key] = shelf
        last = (key, shelf)
        return shelf
    }

    func put(_ connection: UpstreamConnection) {
        guard connection.shelf.idle.count < GatewayLimits.idleUpstreamsPerKey else { return connection.close() }
        connection.shelf.idle.append(connection)
        sweepLater()
    }

    func forget(_ connection: UpstreamConnection) {
        connection.shelf.idle.removeAll { $0 === connection }
    }

    /// A path that is down takes its idle connections with it, and the others are used no more.
    func closeIdle(over mark: Mark) {
        close { key, _ in key.mark == mark }
        for connection in shared where connection.key.mark == mark { connection.leave() }
    }

    func closeIdle() {
        close { _, _ in true }
        for connection in shared { connection.leave() }
    }

    private var shared: [UpstreamHTTP2] { shelves.values.flatMap(\.shared) }

    private func sweepLater() {
        guard !isSweeping else { return }
        isSweeping = true
        eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.idleUpstream.timeAmount) {
            self.isSweeping = false
            let now = GatewayClock.now()
            self.close { now - $1 >= GatewayLimits.idleUpstream }
            if self.shelves.values.contains(where: { !$0.idle.isEmpty || !$0.shared.isEmpty }) { self.sweepLater() }
        }
    }

    /// Closes those that have nothing to do, by their key and by when that began.
    private func close(where isChosen: (UpstreamKey, Instant) -> Bool) {
        for connection in shelves.values.flatMap(\.idle) where isChosen(connection.key, connection.idleSince) {
            connection.close()
        }
        for connection in shared where connection.isIdle && isChosen(connection.key, connection.idleSince) {
            connection.leave()
        }
    }
}
