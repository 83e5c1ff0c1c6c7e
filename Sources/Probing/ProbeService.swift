/// How probing is started, told what to probe, and stopped.
package import Liveness

/// Probes members on a thread of its own.
///
///     configure ──mailbox──▶ thread: Prober { ProbeTable, sockets, timer } ──▶ report([ProbeReport])
package final class ProbeService: Sendable {
    private let mailbox: Mailbox
    private let thread: ServiceThread

    /// Starts the thread; it probes nothing until `configure`.
    ///
    /// - Parameter report: Called on the prober's thread, without a lock held, with the verdicts of one pass in the
    ///   order in which they became certain. It must not wait: put them into a queue and return.
    /// - Throws: `SocketFailure` when the kernel gives no descriptor or no thread.
    package init(report: @escaping @Sendable ([ProbeReport]) -> Void) throws(SocketFailure) {
        mailbox = Mailbox(bell: try Bell())
        var prober = try Prober(mailbox: mailbox, report: report)
        thread = try ServiceThread("martlet-probe") { prober.run() }
    }

    /// Probes exactly these members from now on; what was told before and not yet taken up is forgotten. Schedules
    /// whose name, scope and probe stay go on undisturbed; a change of device or mark only changes their sockets.
    package func configure(_ members: [ProbedMember]) { mailbox.put(members) }

    /// Runs a member's probe once beside its schedule; the trial is told what came of it. Not when the service has been stopped.
    package func run(_ trial: ProbeTrial) { mailbox.put(trial) }

    /// Ends the thread and waits for it: no report comes after. Twice is once. Called from `report`, it does not wait.
    package func stop() {
        mailbox.stop()
        thread.join()
    }

    deinit { stop() }
}
