/// What a BFD session says about the members that use it.
import NetTypes
package import PolicyEngine

/// The verdict of one session. BFD has counted its lost packets already, so each acts at once; only the way back may be held up.
struct BFDVerdict: Sendable {
    private enum Phase: Hashable, Sendable {
        /// Nothing is certain yet: the other end has this long to come up.
        case waiting(until: Instant)
        case up
        /// The session is up, and the members are not until it has been for a while.
        case held(until: Instant)
        case failed(Cause)
        /// The other end was taken out of BFD by its operator, which says nothing about the path (RFC 5882 §3.2).
        case unwatched
    }

    private let upAfter: Span
    private var phase: Phase

    /// - Parameter patience: How long the session may take to come up before it counts as failed.
    init(upAfter: Span, patience: Span, at now: Instant) {
        self.upAfter = upAfter
        phase = .waiting(until: now + patience)
    }

    /// The same with another hold; what was said stays said.
    func holding(_ upAfter: Span) -> BFDVerdict { BFDVerdict(upAfter: upAfter, phase: phase) }

    private init(upAfter: Span, phase: Phase) { (self.upAfter, self.phase) = (upAfter, phase) }

    /// When to ask again although nothing happened.
    var wake: Instant? {
        switch phase {
        case .waiting(let until), .held(let until): until
        case .up, .failed, .unwatched: nil
        }
    }

    /// The signal that the session's state gives, when it is news.
    ///
    /// - Parameter sendFailure: Why our last packet could not be sent: a better cause than the silence that follows from it.
    mutating func signal(of session: BFDSession, patience: Span, sendFailure: Cause?, at now: Instant) -> Signal? {
        let before = phase
        phase = next(session, patience, sendFailure, now)
        return phase == before ? nil : signal
    }

    /// What the members were last told; nil: nothing, or that they are down still.
    var signal: Signal? {
        switch phase {
        case .up: .success
        case .failed(let cause): .failure(cause)
        case .unwatched: .unmeasured(.bfdAdminDown)
        case .waiting, .held: nil
        }
    }

    private func next(_ session: BFDSession, _ patience: Span, _ sendFailure: Cause?, _ now: Instant) -> Phase {
        if session.state == .up { return risen(at: now) }
        if session.remote.state == .adminDown { return .unwatched }
        switch phase {
        case .up, .held: return .failed(Self.cause(session))
        case .waiting(let until): return until <= now ? .failed(sendFailure ?? .bfdNoAnswer) : phase
        case .failed: return phase
        // Its operator lets it speak again; silence alone says nothing new.
        case .unwatched: return session.lastReceived == nil ? phase : .waiting(until: now + patience)
        }
    }

    private func risen(at now: Instant) -> Phase {
        switch phase {
        case .up: phase
        case .waiting, .unwatched: .up
        case .failed: upAfter == .zero ? .up : .held(until: now + upAfter)
        case .held(let until): until <= now ? .up : phase
        }
    }

    /// Why a session that was up is not any more.
    private static func cause(_ session: BFDSession) -> Cause {
        switch session.diagnostic {
        case .detectionTimeExpired: .bfdTimeout
        case .administrativelyDown: .bfdAdminDown
        default: .bfdNeighborDown
        }
    }
}

extension Cause {
    /// No BFD packet for a Detection Time.
    package static let bfdTimeout = Cause("bfd-timeout")
    /// The other end says that its session is down.
    package static let bfdNeighborDown = Cause("bfd-neighbor-down")
    /// The other end's session was taken down by its operator.
    package static let bfdAdminDown = Cause("bfd-admin-down")
    /// The session did not come up: nobody answers there, or not with this key.
    package static let bfdNoAnswer = Cause("bfd-no-answer")
    /// The key of the session cannot be read.
    package static let bfdNoKey = Cause("bfd-no-key")
}
