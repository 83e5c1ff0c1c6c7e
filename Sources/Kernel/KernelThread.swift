/// The threads of this module: plain ones with a name, since they wait in system calls.
import CShim
import Glibc

/// A started thread; `join` waits for its end.
struct KernelThread: Sendable {
    private let identifier: pthread_t

    /// Starts a thread that runs `body`, with all signals blocked: signals are the main thread's.
    ///
    /// - Parameter name: at most 15 bytes, as `ps -L` and `top -H` show it.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(NetlinkFailure) -> KernelThread {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var identifier = pthread_t()
        let box = Unmanaged.passRetained(ThreadBody(name, body))
        let error = pthread_create(&identifier, nil, runThreadBody, box.toOpaque())
        guard error == 0 else {
            box.release()
            throw .system(call: "pthread_create", errno: error)
        }
        return KernelThread(identifier: identifier)
    }

    func join() { pthread_join(identifier, nil) }
}

private final class ThreadBody {
    let name: String
    let run: @Sendable () -> Void

    init(_ name: String, _ run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let body = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
    _ = martlet_name_thread(body.name)
    body.run()
    return nil
}
