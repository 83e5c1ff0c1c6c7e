import Dispatch
import Foundation
import Synchronization

/// What happens on Ctrl-C? Every workspace that still stands is torn down, then the program leaves.
package enum Interruption {
    private struct Weak: Sendable {
        weak var workspace: Workspace?
    }

    private static let standing = Mutex<[Weak]>([])
    private static let isUnderWay = Atomic<Bool>(false)

    /// From now on SIGINT, SIGTERM and SIGHUP tear down every workspace and end the program with 128 + the signal's number.
    package static func cleanUpOnSignals() {
        let armed = DispatchSemaphore(value: 0)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            // The handler holds its own source: nothing else has to keep it for as long as the program runs.
            source.setEventHandler {
                source.setEventHandler(handler: nil)
                isUnderWay.store(true, ordering: .relaxed)
                tearDownAll()
                exit(128 + number)
            }
            source.setRegistrationHandler { armed.signal() }
            source.resume()
            // Until here the signal ends the program by itself, and there is nothing yet to clean up.
            armed.wait()
        }
    }

    /// Does not return once such a signal has come: whoever would end the program leaves that to the clean-up, which runs beside it.
    package static func waitIfUnderWay() {
        while isUnderWay.load(ordering: .relaxed) { rest(.seconds(1)) }
    }

    /// Tears down every workspace that still stands.
    package static func tearDownAll() {
        let present = standing.withLock { $0.compactMap(\.workspace) }
        for workspace in present { workspace.tearDown() }
    }

    static func register(_ workspace: Workspace) {
        standing.withLock { $0.append(Weak(workspace: workspace)) }
    }

    static func forget(_ workspace: Workspace) {
        standing.withLock { $0.removeAll { $0.workspace == nil || $0.workspace === workspace } }
    }
}
