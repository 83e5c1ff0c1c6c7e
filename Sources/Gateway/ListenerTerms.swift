/// On what terms does a listening socket take connections: plain, in TLS, or not at all? They may change with every snapshot;
/// a connection keeps those that it began on.
import Inference
import NIOSSL
import Synchronization

/// Written on the link's loop, read once for each connection on the loop that serves it.
final class ListenerTerms: Sendable {
    enum Terms: Sendable {
        /// There is no certificate to show: whoever comes is sent away, at once and without a word that would not be secret.
        case closed
        case plain
        case tls(NIOSSLContext)
    }

    private let terms = Mutex(Terms.closed)

    /// The terms of this moment.
    var now: Terms {
        get { terms.withLock { $0 } }
        set { terms.withLock { $0 = newValue } }
    }
}

/// The terms of all listening sockets. Touched on the link's loop only.
struct ListenerDesk {
    /// How long before its end a certificate is an alarm, in seconds: seven days, less than any authority's renewal begins with.
    private static let ending: UInt64 = 7 * 86_400

    /// Parallel to the inherited sockets.
    let terms: [ListenerTerms]
    /// What each shows now.
    private var identities: [ServerIdentity?]

    /// - Parameter count: how many sockets there are.
    init(count: Int) {
        terms = (0..<count).map { _ in ListenerTerms() }
        identities = Array(repeating: nil, count: count)
    }

    /// Reads the certificates anew. One that cannot be shown leaves the one before in its place, and the other listeners alone.
    /// - Parameters:
    ///   - listeners: parallel to the sockets; a socket without one takes nothing.
    ///   - now: seconds since 1970.
    mutating func use(_ listeners: [GatewayListener], _ secrets: SecretStore, at now: UInt64) -> [GatewayAlarm] {
        var alarms: [GatewayAlarm] = []
        for (place, terms) in terms.enumerated() {
            guard place < listeners.count, let tls = listeners[place].tls else {
                identities[place] = nil
                terms.now = place < listeners.count ? .plain : .closed
                continue
            }
            let object = "listener \(listeners[place].address)"
            do throws(IdentityError) {
                let identity = try ServerIdentity.read(tls, secrets, keeping: identities[place], at: now)
                identities[place] = identity
                if identity.endsAt - now < Self.ending {
                    let detail = "its certificate ends on \(HTTPDate.format(identity.endsAt))"
                    alarms.append(GatewayAlarm(.certificateEnding, object: object, detail: detail))
                }
            } catch {
                let rest = identities[place] == nil ? "its connections are closed" : "the certificate before is shown"
                alarms.append(GatewayAlarm(.listenerUnserved, object: object, detail: "\(error); \(rest)"))
            }
            terms.now = identities[place].map { .tls($0.context) } ?? .closed
        }
        return alarms
    }
}
