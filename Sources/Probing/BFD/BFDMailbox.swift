/// What other threads have told the BFD thread and it has not yet taken up: at most one configuration, so it never grows.
import Liveness
import Synchronization

/// The newest word counts; the bell says that there is one.
final class BFDMailbox: Sendable {
    struct Mail {
        var orders: [BFDTable.Order]?
        var isStopped = false
    }

    let bell: Bell
    private let mail = Mutex(Mail())

    init(bell: Bell) { self.bell = bell }

    func put(_ orders: [BFDTable.Order]) {
        mail.withLock { $0.orders = orders }
        bell.ring()
    }

    func stop() {
        mail.withLock { $0.isStopped = true }
        bell.ring()
    }

    func take() -> Mail {
        mail.withLock { mail in
            defer { mail.orders = nil }
            return mail
        }
    }
}
