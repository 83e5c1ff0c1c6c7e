/// How one job of routes is sent and its answers are attributed.
///
/// Only the last message of a send asks for an acknowledgement; errors of the others carry their own sequence numbers, so silence until
/// the last answer means that they were carried out.
import CShim
import Forwarding
import Glibc
import NetTypes

/// Not thread-safe: owned by the lane's thread after it is made.
final class FeedSession {
    private let limits: LaneLimits
    private let socket: NetlinkSocket
    private var batch: FeedBatch
    private var refused: Set<Int> = []
    private var refusals: [FeedRefusal] = []
    /// How many sends in a row the kernel took nothing of.
    private var fruitless = 0

    /// A send's worth of routes is some 500; when the kernel refuses three of them whole, it will refuse the rest too.
    private static let mostFruitless = 3
    /// Between two reports of how far a job is.
    private static let reportEvery = Span.milliseconds(500)

    var port: UInt32 { socket.port }

    /// Opens the socket in the network namespace of the calling thread.
    init(_ limits: LaneLimits) throws(NetlinkFailure) {
        self.limits = limits
        socket = try .open(.route, receiveBuffer: limits.receiveBuffer)
        batch = FeedBatch(capacity: limits.stepBytes)
    }

    func perform(_ job: FeedJob, isCancelled: () -> Bool, progress: @escaping (Int) -> Void) -> FeedOutcome {
        (refusals, fruitless) = ([], 0)
        var (done, refusedCount) = ([FeedProgress](), 0)
        var ending = FeedOutcome.Ending.complete
        var counter = ProgressCounter(every: Self.reportEvery, report: progress)
        for step in job.steps where ending == .complete {
            refused = []
            let template = RouteTemplate(step, metric: job.metric, routeProtocol: job.routeProtocol)
            let positions = send(step, template, &ending, isCancelled, &counter)
            done.append(FeedProgress(step, positions: positions, refused: refused))
            refusedCount += refused.count
        }
        let isClean = ending == .complete && refusedCount == 0
        return FeedOutcome(
            ending: ending,
            accepted: counter.done - refusedCount,
            refused: refusedCount,
            refusals: refusals,
            standing: isClean ? nil : done.standing(on: job.before)
        )
    }

    /// Sends one step's routes; returns the position in the bit-reversed order up to which they were answered.
    private func send(
        _ step: FeedStep,
        _ template: RouteTemplate,
        _ ending: inout FeedOutcome.Ending,
        _ isCancelled: () -> Bool,
        _ counter: inout ProgressCounter
    ) -> Int {
        let count = step.routes.count
        let positions = bitReversedPositions(count)
        var (position, answered) = (0, 0)
        while position < positions, ending == .complete {
            batch.begin(template)
            while position < positions, batch.hasRoom {
                let index = bitReversedPosition(position, of: count)
                if index < count { batch.append(step.routes, index) }
                position += 1
            }
            guard !batch.isEmpty else { continue }
            guard flush(step) else {
                ending = .unanswered
                return answered
            }
            answered = position
            counter.add(batch.count)
            if fruitless >= Self.mostFruitless { ending = .hopeless } else if isCancelled() { ending = .cancelled }
        }
        return ending == .complete ? positions : answered
    }

    /// Sends the batch and waits for the answer to its last message. False when none came.
    private func flush(_ step: FeedStep) -> Bool {
        let before = refused.count
        do throws(NetlinkFailure) {
            try batch.withBytes { bytes throws(NetlinkFailure) in try socket.send(bytes) }
            try gatherAnswers(step, until: .after(limits.answerWithin))
        } catch {
            return false
        }
        fruitless = refused.count - before == batch.count ? fruitless + 1 : 0
        // Whoever waits for the RTNL lock, the fast lane first of all, gets it here.
        sched_yield()
        return true
    }

    private func gatherAnswers(_ step: FeedStep, until deadline: Deadline) throws(NetlinkFailure) {
        var isAnswered = false
        while !isAnswered {
            try socket.receive(until: deadline) { message, bytes throws(MalformedMessage) in
                guard Int32(message.type) == NLMSG_ERROR else { return }
                let answer = try Acknowledgement(message, in: bytes)
                // None: it answers a batch that was given up.
                guard let (index, isLast) = batch.index(of: answer.sequence) else { return }
                if let refusal = answer.refusal { note(refusal, of: step, index) }
                if isLast { isAnswered = true }
            }
        }
    }

    /// A route to be deleted that is not there is as good as deleted.
    private func note(_ refusal: KernelRefusal, of step: FeedStep, _ index: Int) {
        if step.operation == .delete, refusal.errno == ESRCH { return }
        refused.insert(index)
        guard refusals.count < FeedOutcome.mostRefusals else { return }
        refusals.append(FeedRefusal(step.routes.prefix(at: index), refusal))
    }
}

/// How much of a job has been answered, told now and then.
private struct ProgressCounter {
    private(set) var done = 0
    private let every: Span
    private let report: (Int) -> Void
    private var next: Deadline

    init(every: Span, report: @escaping (Int) -> Void) {
        (self.every, self.report) = (every, report)
        next = .after(every)
    }

    mutating func add(_ count: Int) {
        done += count
        guard next.millisecondsLeft == 0 else { return }
        next = .after(every)
        report(done)
    }
}

extension RouteSegment {
    fileprivate func prefix(at index: Int) -> IPPrefix {
        family == .v4 ? list.v4[index].prefix : list.v6[index].prefix
    }
}
