/// How do the reports of one event loop reach the daemon? In batches, through the link's own loop.
import Inference
import NIOCore
import NetTypes
import PolicyEngine

/// Touched on its own loop only.
final class ReportSink {
    private struct Pair: Hashable {
        let member: String
        let path: String?
    }

    /// How often success of the same (member, path) is told: it serves to reset a count of failures, which once is enough for.
    private static let successEvery = Span.seconds(1)

    /// How often the number of requests that are served is told, at most.
    private static let servingEvery = Span.seconds(1)

    private let link: SnapshotLink
    private let eventLoop: any EventLoop
    /// Which event loop this is, counted from 0.
    private let number: Int
    private var batch: [GatewayReport] = []
    /// There is one for each request, and its bytes are handed over more cheaply than its rows.
    private var decisions = DecisionBatch()
    private var isScheduled = false
    /// By whom success was told since the last failure.
    private var told: [Pair: Told] = [:]
    private var lastTold: (pair: Pair, told: Told)?
    /// Requests that are served now, and what was last told of them.
    private var serving = 0
    private var toldServing = 0
    private var isServingScheduled = false
    /// What members have under way, over all loops.
    var underWay: () -> [MemberCount] = { [] }

    private final class Told {
        /// When success was last told.
        var at: Instant
        /// How often there was success since.
        var since: UInt64 = 0

        init(at: Instant) { self.at = at }
    }

    init(to link: SnapshotLink, on eventLoop: any EventLoop, number: Int) {
        self.link = link
        self.eventLoop = eventLoop
        self.number = number
    }

    /// A request is being served. `ended` follows once.
    func began() {
        serving += 1
        tellServingLater()
    }

    func ended() {
        serving -= 1
        tellServingLater()
    }

    private func tellServingLater() {
        guard !isServingScheduled else { return }
        isServingScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: Self.servingEvery.timeAmount) {
            self.isServingScheduled = false
            guard self.serving != self.toldServing else { return }
            self.toldServing = self.serving
            self.send(.serving(loop: self.number, requests: self.serving))
            self.send(.underWay(self.underWay()))
        }
    }

    func signal(member: String, path: String?, _ signal: Signal, at now: Instant) {
        let pair = Pair(member: member, path: path)
        if signal == .success {
            // Mostly the same as before.
            let before = lastTold.flatMap { $0.pair == pair ? $0.told : nil } ?? told[pair]
            if let before, now - before.at < Self.successEvery {
                before.since &+= 1
                return
            }
            tellCount(of: pair, at: now)
            let new = Told(at: now)
            told[pair] = new
            lastTold = (pair, new)
        } else {
            lastTold = nil
            // How often it answered before says how much a failure weighs, and success over any path must be told anew.
            for pair in told.keys where pair.member == member { tellCount(of: pair, at: now) }
            told = told.filter { $0.key.member != member }
        }
        send(.signal(member: member, path: path, signal, at: now))
    }

    private func tellCount(of pair: Pair, at now: Instant) {
        guard let count = told[pair]?.since, count > 0 else { return }
        send(.answered(member: pair.member, count: count, at: now))
    }

    /// A decision leaves within `GatewayLimits.reportBatch`.
    func decided(_ record: DecisionRecord) {
        decisions.append(record)
        schedule()
    }

    /// Failures and alarms leave at once, everything else with the decisions.
    func send(_ report: GatewayReport) {
        batch.append(report)
        switch report {
        case .ready, .alarm, .mended, .standing, .pause: flush()
        case .signal(_, _, let signal, _): if signal != .success { flush() } else { schedule() }
        case .decisions, .answered, .probed, .serving, .underWay, .dropped, .alive: schedule()
        }
    }

    func flush() {
        if decisions.count > 0 {
            link.send(decisions)
            decisions = DecisionBatch()
        }
        guard !batch.isEmpty else { return }
        link.send(batch)
        batch.removeAll(keepingCapacity: true)
    }

    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.reportBatch.timeAmount) {
            self.isScheduled = false
            self.flush()
        }
    }
}
