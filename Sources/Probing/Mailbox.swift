/// What other threads have told the prober and it has not yet taken up: at most one configuration, and one outcome for each
/// HTTP request under way, so it never grows.
import Liveness
import Synchronization

/// The newest configuration counts; the bell says that there is something.
final class Mailbox: Sendable {
    struct Mail {
        var members: [ProbedMember]?
        var outcomes: [WebProber.Outcome] = []
        var trials: [ProbeTrial] = []
        var isStopped = false
    }

    let bell: Bell
    private let mail = Mutex(Mail())

    init(bell: Bell) { self.bell = bell }

    func put(_ members: [ProbedMember]) {
        mail.withLock { $0.members = members }
        bell.ring()
    }

    func put(_ outcome: WebProber.Outcome) {
        mail.withLock { $0.outcomes.append(outcome) }
        bell.ring()
    }

    func put(_ trial: ProbeTrial) {
        mail.withLock { $0.trials.append(trial) }
        bell.ring()
    }

    func stop() {
        mail.withLock { $0.isStopped = true }
        bell.ring()
    }

    func take() -> Mail {
        mail.withLock { mail in
            defer { (mail.members, mail.outcomes, mail.trials) = (nil, [], []) }
            return mail
        }
    }
}
