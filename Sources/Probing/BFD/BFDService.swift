/// How BFD is started, told which sessions to keep, and stopped.
import CShim
package import Liveness

/// Keeps BFD sessions on a thread of its own, which runs before everything that is not real-time where the host allows it.
///
///     configure ──mailbox──▶ thread: BFDLoop { BFDTable, sockets, timer } ──▶ report([BFDReport])
package final class BFDService: Sendable {
    private let mailbox: BFDMailbox
    private let thread: ServiceThread

    /// Above every normal thread, and below the kernel's interrupt threads (50).
    private static let priority: Int32 = 10

    /// Starts the thread; it keeps no session until `configure`.
    ///
    /// - Parameter report: Called on the BFD thread, without a lock held, with what the sessions of one pass have to tell. It must
    ///   not wait: put them into a queue and return.
    /// - Throws: `SocketFailure` when the kernel gives no descriptor or no thread.
    package init(report: @escaping @Sendable ([BFDReport]) -> Void) throws(SocketFailure) {
        mailbox = BFDMailbox(bell: try Bell())
        var loop = try BFDLoop(mailbox: mailbox, report: report)
        thread = try ServiceThread("martlet-bfd") {
            loop.run(isRealTime: martlet_make_thread_real_time(BFDService.priority) == 0)
        }
    }

    /// Keeps exactly these sessions from now on. One whose device and peer stay goes on undisturbed; one that is not named any
    /// more says AdminDown. A key that cannot be read takes its session down (`bfd-no-key`).
    ///
    /// - Returns: What could not be read.
    @discardableResult
    package func configure(_ subjects: [BFDSubject]) -> [BFDKeyFailure] {
        var failures: [BFDKeyFailure] = []
        let orders = subjects.map { subject in
            var key: BFDKey?
            do throws(BFDKeyFailure) {
                key = try subject.authentication.map { plan throws(BFDKeyFailure) in try BFDKey.read(plan) }
            } catch {
                failures.append(error)
            }
            return BFDTable.Order(subject, key: key)
        }
        mailbox.put(orders)
        return failures
    }

    /// Says AdminDown for all sessions, ends the thread and waits for it: no report comes after. Twice is once.
    package func stop() {
        mailbox.stop()
        thread.join()
    }

    deinit { stop() }
}
