/// The thread of a service: one loop, which runs until its mailbox says stop.
import CShim
import Glibc
import Synchronization

/// A started thread; `join` waits for its end.
final class ServiceThread: Sendable {
    private let running: Mutex<pthread_t?>

    /// Starts a thread that runs `body`.
    ///
    /// - Parameter name: at most 15 bytes, as `ps -L` and `top -H` show it.
    /// - Throws: `SocketFailure` when the kernel gives no thread.
    init(_ name: String, _ body: @escaping () -> Void) throws(SocketFailure) {
        let box = Unmanaged.passRetained(ThreadBody(name, body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
                _ = martlet_name_thread(body.name)
                body.run()
                return nil
            },
            box.toOpaque()
        )
        guard code == 0 else {
            box.release()
            throw SocketFailure(operation: "pthread_create", code: code)
        }
        running = Mutex(thread)
    }

    /// Waits for the end of the thread, which has been told to stop; not when it is the thread itself that calls. Twice is once.
    func join() {
        guard let thread = running.withLock({ $0.take() }) else { return }
        if pthread_equal(thread, pthread_self()) != 0 { pthread_detach(thread) } else { pthread_join(thread, nil) }
    }
}

/// Hands a loop to its thread.
private final class ThreadBody {
    let name: String
    let run: () -> Void

    init(_ name: String, _ run: @escaping () -> Void) {
        self.name = name
        self.run = run
    }
}
