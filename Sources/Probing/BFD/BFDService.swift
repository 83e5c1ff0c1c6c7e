/// How BFD is started, told which sessions to keep, and stopped.
import CShim
import Glibc
package import Liveness
import Synchronization

/// Keeps BFD sessions on a thread of its own, which runs before everything that is not real-time where the host allows it.
///
///     configure ──mailbox──▶ thread: BFDLoop { BFDTable, sockets, timer } ──▶ report([BFDReport])
package final class BFDService: Sendable {
    private let mailbox: BFDMailbox
    private let thread: Mutex<pthread_t?>

    /// Above every normal thread, and below the kernel's interrupt threads (50).
    private static let priority: Int32 = 10

    /// Starts the thread; it keeps no session until `configure`.
    ///
    /// - Parameter report: Called on the BFD thread, without a lock held, with what the sessions of one pass have to tell. It must
    ///   not wait: put them into a queue and return.
    /// - Throws: `SocketFailure` when the kernel gives no descriptor or no thread.
    package init(report: @escaping @Sendable ([BFDReport]) -> Void) throws(SocketFailure) {
        mailbox = BFDMailbox(bell: try Bell())
        thread = Mutex(try Self.start(try BFDLoop(mailbox: mailbox, report: report)))
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
        guard let running = thread.withLock({ $0.take() }) else { return }
        if pthread_equal(running, pthread_self()) != 0 { pthread_detach(running) } else { pthread_join(running, nil) }
    }

    deinit { stop() }

    /// Hands a loop to its thread.
    private final class Start {
        var loop: BFDLoop

        init(_ loop: BFDLoop) { self.loop = loop }
    }

    private static func start(_ loop: BFDLoop) throws(SocketFailure) -> pthread_t {
        let start = Unmanaged.passRetained(Start(loop))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                martlet_name_thread("martlet-bfd")
                start.loop.run(isRealTime: martlet_make_thread_real_time(BFDService.priority) == 0)
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            start.release()
            throw SocketFailure(operation: "pthread_create", code: code)
        }
        return thread
    }
}
