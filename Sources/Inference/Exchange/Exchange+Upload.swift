/// What happens while a body that is too large to be kept is on its way from the client to a provider? It is sent on as it comes, and kept nowhere;
/// so it goes to one provider alone: what has been sent cannot be sent again. Whoever is slow is told so: the client by 408, the provider by a failure of its own.
import NetTypes

/// What of a request's body is still to come when it is routed.
package enum BodyRest: Hashable, Sendable {
    /// So many bytes.
    case bytes(Int)
    /// Nobody knows how many.
    case chunks

    /// Bytes that are said to follow.
    var stated: UInt64 {
        switch self {
        case .bytes(let count): UInt64(max(count, 0))
        case .chunks: 0
        }
    }
}

/// How far it has come.
enum UploadState: Hashable, Sendable {
    /// All of the request was there when it was routed.
    case none
    /// Nobody has been sent anything; the client waits.
    case waiting
    /// It runs; whether the provider takes no more for the moment.
    case running(isBlocked: Bool)
    /// All of it was sent.
    case over

    /// Whether something was sent that is kept nowhere.
    var hasBegun: Bool {
        switch self {
        case .none, .waiting: false
        case .running, .over: true
        }
    }

    var isRunning: Bool { hasBegun && self != .over }
}

extension Exchange {
    /// The provider has been sent what was at hand: now the client's turn. How long the answer takes is counted from the body's end.
    mutating func beginUpload(_ timeouts: ExchangeTimeouts, at now: Instant) {
        upload = .running(isBlocked: false)
        for slot in [Deadlines.Slot.head, .answer, .firstToken] { deadlines[slot] = nil }
        deadlines[.silence] = now + timeouts.betweenTokens
        actions.append(.readBody(true))
    }

    mutating func uploaded(_ count: Int, at now: Instant) {
        guard upload.isRunning, let attempt else { return }
        self.attempt?.row.bytesSent &+= UInt64(count)
        uploadedBytes &+= UInt64(count)
        if attempt.phase == .waiting { deadlines[.silence] = now + attempt.timeouts.betweenTokens }
    }

    mutating func uploadEnded(at now: Instant) {
        guard upload.isRunning, let attempt else { return }
        upload = .over
        guard attempt.phase == .waiting else { return }
        deadlines[.silence] = nil
        awaitAnswer(attempt.timeouts, at: now)
    }

    /// The provider has taken a piece of what was at hand.
    mutating func upstreamTook(at now: Instant) {
        guard upload.isRunning, let attempt, attempt.phase == .waiting else { return }
        deadlines[.silence] = now + attempt.timeouts.betweenTokens
    }

    mutating func upstreamWritable(_ isWritable: Bool, at now: Instant) {
        guard upload.isRunning, let attempt else { return }
        upload = .running(isBlocked: !isWritable)
        if attempt.phase == .waiting { deadlines[.silence] = now + attempt.timeouts.betweenTokens }
        actions.append(.readBody(isWritable))
    }

    /// What came is no form: the provider must not take it for one either.
    mutating func uploadBroke(_ error: RequestError, at now: Instant) {
        guard upload.isRunning else { return }
        withdraw(ClientError(error), at: now)
    }

    /// Whether it is the client that has said nothing for so long.
    var isClientSlow: Bool { upload == .running(isBlocked: false) && attempt?.phase == .waiting }

    mutating func clientStalled(at now: Instant) {
        let text = "The request's body did not come in time."
        withdraw(ClientError(408, type: "invalid_request_error", code: "request_timeout", text), at: now)
    }

    /// The provider has half a request, for which nobody pays, unless it has answered that already.
    private mutating func withdraw(_ error: ClientError, at now: Instant) {
        closeAttempt(as: nil, detail: nil, at: now)
        guard commit < .content else { return finish(.brokenOff, end: .abort, at: now) }
        debtor = nil
        turnAway(error, .rejected, [], at: now)
    }
}
