/// What can keep the daemon from starting or from doing what it was asked, in words an operator can act on.
import Foundation

enum DaemonError: Error, CustomStringConvertible, Sendable {
    case plain(String)
    /// A system call failed: what it was for, and the errno it left.
    case system(String, errno: Int32)
    /// The configuration is wrong or asks for what is not served: whole messages with line and caret.
    case configuration([String])

    var description: String {
        switch self {
        case .plain(let words): words
        case .system(let what, let errno): "\(what): \(String(cString: strerror(errno)))"
        case .configuration(let messages): messages.joined(separator: "\n")
        }
    }
}
