/// What other threads have told the prober and it has not yet taken up: at most one configuration, so it never grows.
import Liveness
import Synchronization

/// The newest word counts; the bell says that there is one.
final class Mailbox: Sendable {
    struct Mail {
        var members: [ProbedMember]?
        var isStopped = false
    }

    let bell: Bell
    private let mail = Mutex(Mail())

    init(bell: Bell) { self.bell = bell }

    func put(_ members: [ProbedMember]) {
        mail.withLock { $0.members = members }
        bell.ring()
    }

    func stop() {
        mail.withLock { $0.isStopped = true }
        bell.ring()
    }

    func take() -> Mail {
        mail.withLock { mail in
            defer { mail.members = nil }
            return mail
        }
    }
}
