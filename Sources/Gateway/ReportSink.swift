/// How do the reports of one event loop reach the daemon? In batches, through the link's own loop, which encodes them.
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

    private let link: SnapshotLink
    private let eventLoop: any EventLoop
    private var batch: [GatewayReport] = []
    private var isScheduled = false
    /// When success was last told, unless a failure came after it.
    private var lastSuccess: [Pair: Instant] = [:]

    init(to link: SnapshotLink, on eventLoop: any EventLoop) {
        self.link = link
        self.eventLoop = eventLoop
    }

    func signal(member: String, path: String?, _ signal: Signal, at now: Instant) {
        let pair = Pair(member: member, path: path)
        if signal == .success {
            if let last = lastSuccess[pair], now - last < Self.successEvery { return }
            lastSuccess[pair] = now
        } else {
            // Success over any path of the member must be told anew.
            lastSuccess = lastSuccess.filter { $0.key.member != member }
        }
        send(.signal(member: member, path: path, signal, at: now))
    }

    /// Failures and alarms leave at once, everything else within `GatewayLimits.reportBatch`.
    func send(_ report: GatewayReport) {
        batch.append(report)
        switch report {
        case .ready, .alarm: flush()
        case .signal(_, _, let signal, _): if signal != .success { flush() } else { schedule() }
        case .decision: schedule()
        }
    }

    func flush() {
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
