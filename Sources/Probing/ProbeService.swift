/// How probing is started, told what to probe, and stopped.
import CShim
import Glibc
package import Liveness
import Synchronization

/// Probes members on a thread of its own.
///
///     configure ──mailbox──▶ thread: Prober { ProbeTable, sockets, timer } ──▶ report([ProbeReport])
package final class ProbeService: Sendable {
    private let mailbox: Mailbox
    private let thread: Mutex<pthread_t?>

    /// Starts the thread; it probes nothing until `configure`.
    ///
    /// - Parameter report: Called on the prober's thread, without a lock held, with the verdicts of one pass in the
    ///   order in which they became certain. It must not wait: put them into a queue and return.
    /// - Throws: `SocketFailure` when the kernel gives no descriptor or no thread.
    package init(report: @escaping @Sendable ([ProbeReport]) -> Void) throws(SocketFailure) {
        mailbox = Mailbox(bell: try Bell())
        let prober = try Prober(mailbox: mailbox, report: report)
        thread = Mutex(try Self.start(prober))
    }

    /// Probes exactly these members from now on; what was told before and not yet taken up is forgotten. Schedules
    /// whose name, scope and probe stay go on undisturbed; a change of device or mark only changes their sockets.
    package func configure(_ members: [ProbedMember]) { mailbox.put(members) }

    /// Runs a member's probe once beside its schedule; the trial is told what came of it. Not when the service has been stopped.
    package func run(_ trial: ProbeTrial) { mailbox.put(trial) }

    /// Ends the thread and waits for it: no report comes after. Twice is once. Called from `report`, it does not wait.
    package func stop() {
        mailbox.stop()
        guard let running = thread.withLock({ $0.take() }) else { return }
        if pthread_equal(running, pthread_self()) != 0 { pthread_detach(running) } else { pthread_join(running, nil) }
    }

    deinit { stop() }

    /// Hands a prober to its thread.
    private final class Start {
        var prober: Prober

        init(_ prober: Prober) { self.prober = prober }
    }

    private static func start(_ prober: Prober) throws(SocketFailure) -> pthread_t {
        let start = Unmanaged.passRetained(Start(prober))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                martlet_name_thread("martlet-probe")
                start.prober.run()
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
