import Dispatch
import Foundation
import Synchronization

/// What happens on Ctrl-C? Every workspace that still stands is torn down, then the program leaves.
package enum Interruption {
    private struct Weak: Sendable {
        weak var workspace: Workspace?
    }

    private static let standing = Mutex<[Weak]>([])

    /// From now on SIGINT and SIGTERM tear down every workspace and end the program with 128 + the signal's number.
    package static func cleanUpOnSignals() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            // The handler holds its own source: nothing else has to keep it for as long as the program runs.
            source.setEventHandler {
                source.setEventHandler(handler: nil)
                tearDownAll()
                exit(128 + number)
            }
            source.resume()
        }
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
