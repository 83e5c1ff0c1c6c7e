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
    /// The last to become idle is the first to be used: the others may age and go.
    private var idle: [UpstreamKey: [UpstreamConnection]] = [:]
    private var isSweeping = false

    init(_ connector: UpstreamConnector, on eventLoop: any EventLoop) {
        self.connector = connector
        self.eventLoop = eventLoop
    }

    /// Gives a connection, at once when an idle one fits. The answer nil: it comes later, and the race can be cancelled.
    func connect(_ order: ConnectOrder, _ answer: @escaping Answer) -> ConnectRace? {
        if !order.mustBeFresh, let connection = takeIdle(UpstreamKey(order), order.families) {
            answer(.success(connection))
            return nil
        }
        return connector.connect(order, pool: self, answer)
    }

    private func takeIdle(_ key: UpstreamKey, _ families: [AddressFamily]) -> UpstreamConnection? {
        guard let place = idle[key]?.lastIndex(where: { families.contains($0.family) }) else { return nil }
        return idle[key]?.remove(at: place)
    }

    func put(_ connection: UpstreamConnection) {
        let kept = idle[connection.key]?.count ?? 0
        guard kept < GatewayLimits.idleUpstreamsPerKey else { return connection.close() }
        idle[connection.key, default: []].append(connection)
        sweepLater()
    }

    func forget(_ connection: UpstreamConnection) {
        idle[connection.key]?.removeAll { $0 === connection }
        if idle[connection.key]?.isEmpty == true { idle[connection.key] = nil }
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
            if !self.idle.isEmpty { self.sweepLater() }
        }
    }

    private func close(where isChosen: (UpstreamConnection) -> Bool) {
        for connection in idle.values.joined().filter(isChosen) { connection.close() }
    }
}
