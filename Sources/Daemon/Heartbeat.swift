/// Does a gateway still answer? It is asked every few seconds; one that owes several answers hangs. Beats are counted, not times: a machine
/// that slept, or a daemon that did, has missed none.
struct Heartbeat: Hashable, Sendable {
    /// Seconds between two beats.
    static let every = 5
    /// Beats without an answer after which a gateway hangs: its loops may wait for a core for seconds on a machine that is too small.
    static let most = 6

    private var missed = 0
    private var isAsked = false

    enum Step: Hashable, Sendable {
        /// Ask it.
        case ask
        /// It was asked and has not answered yet.
        case wait
        /// It hangs.
        case giveUp
    }

    /// A beat.
    /// - Parameter isHeard: whether what it says is being read at all; while the daemon is behind, no answer is missing.
    mutating func beat(isHeard: Bool) -> Step {
        guard isAsked else {
            isAsked = true
            return .ask
        }
        guard isHeard else { return .wait }
        missed += 1
        return missed >= Self.most ? .giveUp : .wait
    }

    /// It has answered.
    mutating func answered() { (missed, isAsked) = (0, false) }
}
