/// Why did a call of the control API give no answer, and what can be done about it?
import Glibc
package import NetTypes

package enum ControlError: Error, Equatable, Sendable {
    /// Nobody could be reached at the path; the code is an errno.
    case unreachable(path: String, code: Int32)
    /// A socket's path is limited by `sockaddr_un`.
    case pathTooLong(path: String, limit: Int)
    /// The daemon took the question and did not answer in time.
    case noAnswer(path: String, within: Span)
    /// The connection ended before the answer was complete; the code is an errno, or 0 for a plain end.
    case brokenOff(path: String, code: Int32)
    /// The answer is larger than a client takes, in bytes.
    case tooLarge(limit: Int)
    /// Whoever answers does not speak this control API.
    case notUnderstood(String)
    /// The daemon said no.
    case refused(status: Int, ErrorReply)

    /// Whether the daemon itself answered: then the answer is no, and everything else means that it was not reached.
    package var isAnswer: Bool {
        switch self {
        case .refused: true
        case .unreachable, .pathTooLong, .noAnswer, .brokenOff, .tooLarge, .notUnderstood: false
        }
    }

    /// What went wrong, as whole messages.
    package var messages: [String] {
        switch self {
        case .unreachable(let path, let code): ["cannot reach the daemon at \(path): \(Self.words(code))"]
        case .pathTooLong(let path, let limit): ["cannot reach the daemon at \(path): longer than \(limit) bytes"]
        case .noAnswer(let path, let span): ["the daemon at \(path) did not answer within \(span)"]
        case .brokenOff(let path, 0): ["the daemon at \(path) closed the connection before its answer was complete"]
        case .brokenOff(let path, let code): ["the connection to the daemon at \(path) broke: \(Self.words(code))"]
        case .tooLarge(let limit): ["the daemon's answer is larger than \(limit) bytes"]
        case .notUnderstood(let what): ["the daemon was not understood: \(what)"]
        case .refused(_, let reply): reply.errors
        }
    }

    /// What to do about it, if we know.
    package var hint: String? {
        switch self {
        case .unreachable(let path, let code): SocketAdvice.hint(path: path, code: code)
        case .pathTooLong: "name a shorter path with --socket or MARTLET_SOCKET"
        case .noAnswer, .brokenOff: "look at its journal: journalctl -u martletd"
        case .tooLarge: nil
        case .notUnderstood: "martlet and martletd must be of the same release; is the socket martletd's?"
        case .refused(_, let reply): reply.hint
        }
    }

    /// The errno in the system's words, without its number.
    static func words(_ code: Int32) -> String { String(cString: strerror(code)) }
}
