/// How flows are moved off a member: the kernel forgets their connections, our own sockets end, and what is left is read again.
import Foundation
import Kernel
import NetTypes
import Runtime

final class FlowMover: Sendable {
    private let runtime: RuntimeThread
    private let queue = DispatchQueue(label: "martlet.flows")
    /// Waits for flows to be idle, which no cut shall wait for.
    private let patientQueue = DispatchQueue(label: "martlet.flows.idle", attributes: .concurrent)

    init(runtime: RuntimeThread) { self.runtime = runtime }

    func move(_ move: FlowMove) {
        if let idle = move.idleFor {
            patientQueue.async { [self] in lookAgain(at: move, after: idle) }
        } else {
            queue.async { [self] in cut(move) }
        }
    }

    private typealias Moved = (forgotten: Int, left: Int, sockets: Int)

    /// The kernel forgets at once. Sockets have a moment more: the gateway is told at the same time that the path is down, ends its own
    /// by itself, and can say why to who waits for them.
    private static let grace = DispatchTimeInterval.seconds(2)

    private func cut(_ move: FlowMove) {
        let (mark, mask, family) = (move.mark, move.mask, move.family)
        do {
            let before = try Conntrack.count(mark: mark, under: mask, family: family)
            try Conntrack.delete(mark: mark, under: mask, family: family)
            let left = try Conntrack.count(mark: mark, under: mask, family: family)
            queue.asyncAfter(deadline: .now() + Self.grace) { [self] in
                report(move) {
                    let sockets = try MarkedSockets.destroy(mark: move.socketMark, under: mask, family: family)
                    return (max(0, before - left), left, sockets)
                }
            }
        } catch {
            report(move) { throw error }
        }
    }

    private func lookAgain(at move: FlowMove, after idle: Span) {
        report(move) {
            let before = try Conntrack.list(mark: move.mark, under: move.mask, family: move.family)
            guard !before.isEmpty else { return (0, 0, 0) }
            let seconds = UInt32(clamping: idle.milliseconds / 1000)
            Thread.sleep(forTimeInterval: TimeInterval(seconds))
            let now = try Conntrack.list(mark: move.mark, under: move.mask, family: move.family)
            let forgotten = try Conntrack.deleteIdle(now, since: before, seconds: seconds)
            return (forgotten, now.count - forgotten, 0)
        }
    }

    private func report(_ move: FlowMove, _ work: () throws -> Moved) {
        var (moved, failure): (Moved, String?) = ((0, 0, 0), nil)
        do { moved = try work() } catch { failure = "\(error)" }
        runtime.post(
            .flowsMoved(
                FlowMoveOutcome(
                    member: move.member,
                    family: move.family,
                    forgotten: moved.forgotten,
                    left: moved.left,
                    sockets: moved.sockets,
                    failure: failure
                )
            )
        )
    }
}
