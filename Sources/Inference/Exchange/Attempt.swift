/// How far has one try at one candidate come?
import NetTypes

struct Attempt: Sendable {
    /// Where the answer stands. → connecting → waiting → one of the others.
    enum Phase: Hashable, Sendable {
        case connecting
        /// The request is sent, no head yet.
        case waiting
        /// A plain answer is collected until it is whole (`Exchange.collected`).
        case plain
        /// A stream is read; what it gave is in `Exchange.stream`.
        case streaming
        /// What comes goes to the client as it is.
        case passing
        /// The answer is an error, whose body is collected.
        case refused(FailureClass)
    }

    let id: AttemptID
    let candidate: Candidate
    let provider: GatewayProvider
    let timeouts: ExchangeTimeouts
    private(set) var request: UpstreamRequest
    let permission: Permission
    let startedAt: Instant
    var phase = Phase.connecting
    var head: UpstreamHead?
    var row: AttemptRow
    /// Whether the connection at hand served another request before, and so may have died unnoticed.
    var isReused = false
    /// Whether it was an idle connection that turned out dead, and this is the second.
    var isSecondConnection = false
    /// Whether there is a connection, or one is being made, that must be closed or released when the attempt is over.
    var hasConnection = true
    /// The runtime said that its path is down.
    var isPathDown = false

    /// Whether a dead connection may be replaced without calling it a failure: nothing of an answer has come, and the
    /// connection was idle before, so that the provider closing it while we wrote is the likely cause.
    var mayReconnect: Bool { isReused && !isSecondConnection && head == nil }

    mutating func connected(isReused: Bool, at now: Instant) {
        self.isReused = isReused
        phase = .waiting
        row.reusedConnection = isReused
        row.connect = now - startedAt
        row.bytesSent = UInt64(request.body.count)
    }

    mutating func received(_ head: UpstreamHead, at now: Instant) {
        self.head = head
        row.status = head.status
        row.head = now - startedAt
    }

    /// The request is sent to nobody again.
    mutating func dropBody() { request.body = [] }

    var connectOrder: ConnectOrder {
        ConnectOrder(
            attempt: id,
            provider: request.provider,
            host: provider.host,
            port: provider.port,
            isTLS: provider.isTLS,
            families: candidate.families,
            mark: candidate.mark,
            // What is sent on as it comes cannot be sent again.
            mustBeFresh: isSecondConnection || request.rest != nil,
            permission: isSecondConnection ? nil : permission
        )
    }
}
