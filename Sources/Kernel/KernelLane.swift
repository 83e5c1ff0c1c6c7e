/// How changes get to the kernel without their asker waiting: a lane is a thread with sockets of its own.
package import Forwarding

/// One list of changes and the number under which its outcomes come back.
struct Submission: Sendable {
    let changes: [KernelChange]
    let token: UInt64
}

/// Takes changes from any thread, carries them out one submission after the other, and hands back the outcomes.
package protocol KernelLane: Sendable {
    /// Called on the lane's thread with the submission's token, and one outcome per change in the order of the changes.
    typealias Completion = @Sendable (_ token: UInt64, _ outcomes: [ChangeOutcome]) -> Void

    /// Queues the changes. After `stop` they complete at once, on the calling thread, as `unknown`.
    func submit(_ batch: [KernelChange], token: UInt64)

    /// What the kernel's announcements of this lane's nftables changes carry: who follows the table knows them by it.
    var nftablesPort: UInt32 { get }

    /// Carries out what is queued, then ends the thread and waits for that. Not to be called from a completion.
    func stop()
}

/// The machine in both lanes: a queue, a session, a thread.
final class LaneThread: Sendable {
    private let queue = WorkQueue<Submission>()
    let nftablesPort: UInt32
    private let completion: KernelLane.Completion
    private let thread: KernelThread

    /// - Parameter order: in which order the changes of a submission are carried out, by their indices.
    init(
        _ name: String,
        _ limits: LaneLimits,
        order: @escaping @Sendable ([KernelChange]) -> [Int],
        completion: @escaping KernelLane.Completion
    ) throws(NetlinkFailure) {
        self.completion = completion
        let session = SessionOfOneThread(session: try ChangeSession(limits))
        nftablesPort = session.session.nftablesPort
        thread = try .start(name) { [queue] in
            while let submissions = queue.takeAll() {
                for submission in submissions {
                    let changes = submission.changes
                    completion(submission.token, session.session.perform(changes, order: order(changes)))
                }
            }
        }
    }

    func submit(_ batch: [KernelChange], token: UInt64) {
        if !queue.push(Submission(changes: batch, token: token)) {
            completion(token, batch.map { _ in .unknown })
        }
    }

    func stop() {
        queue.close()
        thread.join()
    }
}

/// Safe to send: the session is made before the thread starts and used by that thread alone.
private struct SessionOfOneThread: @unchecked Sendable {
    let session: ChangeSession
}
