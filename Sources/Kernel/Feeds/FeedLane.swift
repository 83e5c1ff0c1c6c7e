/// How a million routes reach the kernel: encoded straight from the sorted arrays, in steps of 32 KiB that yield between them, without
/// a value per route.
///
/// A thread and a socket of its own, so that neither a failover nor an ordinary plan waits behind it.
package import Forwarding
import Synchronization

package final class FeedLane: Sendable {
    /// Called on the lane's thread: how many routes of the job have been answered so far, now and then; and what became of it.
    package typealias Progress = @Sendable (_ token: UInt64, _ done: Int) -> Void
    package typealias Completion = @Sendable (_ token: UInt64, _ outcome: FeedOutcome) -> Void

    private struct Submission: Sendable {
        let job: FeedJob
        let token: UInt64
    }

    private let queue = WorkQueue<Submission>()
    private let thread: KernelThread
    private let completion: Completion
    /// The highest token that was cancelled: tokens grow, and one job runs at a time.
    private let cancelled: Cancelled
    /// By this number the kernel's notifications name what this lane caused (`nlmsg_pid`).
    package let port: UInt32

    private final class Cancelled: Sendable {
        let token = Atomic<UInt64>(0)
    }

    /// Opens the lane's socket in the network namespace of the calling thread and starts its thread.
    ///
    /// Throws `NetlinkFailure.system` when the socket or the thread cannot be had.
    package init(progress: @escaping Progress, completion: @escaping Completion) throws(NetlinkFailure) {
        let session = try FeedSession(.bulk)
        port = session.port
        let cancelled = Cancelled()
        (self.completion, self.cancelled) = (completion, cancelled)
        let owned = SessionOfOneThread(session: session)
        thread = try .start("martlet-feeds") { [queue] in
            while let submissions = queue.takeAll() {
                for submission in submissions {
                    let token = submission.token
                    let outcome = owned.session.perform(
                        submission.job,
                        isCancelled: { cancelled.token.load(ordering: .relaxed) >= token },
                        progress: { progress(token, $0) }
                    )
                    completion(token, outcome)
                }
            }
        }
    }

    /// Queues the job. After `stop` it completes at once, on the calling thread, as unanswered.
    package func submit(_ job: FeedJob, token: UInt64) {
        if !queue.push(Submission(job: job, token: token)) {
            completion(token, FeedOutcome(ending: .unanswered, accepted: 0, refused: 0, refusals: [], standing: nil))
        }
    }

    /// Ends the job with this token after the step under way.
    package func cancel(token: UInt64) { cancelled.token.store(token, ordering: .relaxed) }

    /// Ends what is under way after its step, and the thread, and waits for that. Not to be called from a completion.
    package func stop() {
        cancelled.token.store(.max, ordering: .relaxed)
        queue.close()
        thread.join()
    }
}

/// Safe to send: the session is made before the thread starts and used by that thread alone.
private struct SessionOfOneThread: @unchecked Sendable {
    let session: FeedSession
}
