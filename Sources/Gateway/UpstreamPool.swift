/// Which connection serves this attempt? Idle ones of the same provider and path, else a new one. One pool for each loop, so
/// that client and provider are served by the same thread.
import Inference
import NIOCore
import NetTypes

/// Touched on its own loop only.
final class UpstreamPool {
    /// A connection is there, or there will be none.
    typealias Answer = (Result<UpstreamConnection, ConnectFailure>) -> Void

    private let connector: UpstreamConnector
    private let eventLoop: any EventLoop
    private var shelves: [UpstreamKey: Shelf] = [:]
    /// Where was looked last: most requests go where the one before went.
    private var last: (key: UpstreamKey, shelf: Shelf)?
    private var isSweeping = false

    /// Idle connections of one key. The last to become idle is the first to be used: the others may age and go.
    final class Shelf {
        fileprivate var idle: [UpstreamConnection] = []
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

    /// An idle connection that fits, if there is one.
    func takeIdle(_ order: ConnectOrder, trusting trust: UpstreamTrust?) -> UpstreamConnection? {
        guard !order.mustBeFresh else { return nil }
        let shelf = shelf(of: UpstreamKey(order, trust))
        guard let place = shelf.idle.lastIndex(where: { order.families.contains($0.family) }) else { return nil }
        return shelf.idle.remove(at: place)
    }

    /// There are as many as a configuration has providers and paths; they are kept.
    func shelf(of key: UpstreamKey) -> Shelf {
        if let last, last.key == key { return last.shelf }
        let shelf = shelves[key] ?? Shelf()
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

    /// A path that is down takes its idle connections with it.
    func closeIdle(over mark: Mark) { close { connection in connection.key.mark == mark } }

    func closeIdle() { close { _ in true } }

    private func sweepLater() {
        guard !isSweeping else { return }
        isSweeping = true
        eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.idleUpstream.timeAmount) {
            self.isSweeping = false
            let now = GatewayClock.now()
            self.close { now - $0.idleSince >= GatewayLimits.idleUpstream }
            if self.shelves.values.contains(where: { !$0.idle.isEmpty }) { self.sweepLater() }
        }
    }

    private func close(where isChosen: (UpstreamConnection) -> Bool) {
        for connection in shelves.values.flatMap(\.idle).filter(isChosen) { connection.close() }
    }
}
