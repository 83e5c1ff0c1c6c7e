/// What can happen to an exchange? Everything from outside, one at a time; the time comes with each.
package import NetTypes
package import PolicyEngine

/// Which attempt an event or action is about: events of attempts that are over are ignored.
package struct AttemptID: Hashable, Sendable {
    package let number: Int

    package init(_ number: Int) { self.number = number }
}

/// One thing that happened.
package enum ExchangeEvent: Sendable {
    /// The client's request is complete. The first event, and only once.
    case request(ClientRequest)
    /// There is a connection; `isReused` when it served another request before.
    case connected(AttemptID, isReused: Bool)
    /// The order to connect is not carried out: what it asks for (`ConnectOrder.permission`) was not granted.
    case denied(AttemptID, Denial)
    /// There will be none.
    case connectFailed(AttemptID, FailureClass, detail: String)
    case upstreamHead(AttemptID, UpstreamHead)
    case upstreamBytes(AttemptID, [UInt8])
    /// The answer is complete by the rules of HTTP.
    case upstreamEnded(AttemptID)
    /// The connection broke, or brought what is no HTTP.
    case upstreamBroke(AttemptID, FailureClass, detail: String)
    /// The provider says that it has not begun with the request, so that asking again does no harm (RFC 9113 §8.7).
    case upstreamRefused(AttemptID, detail: String)
    /// Whether the client takes more bytes now.
    case clientWritable(Bool)
    case clientGone
    /// So many bytes of a body that was not at hand were sent to the provider.
    case uploaded(Int)
    /// All of it was.
    case uploadEnded
    /// What comes of it must not be sent.
    case uploadBroke(RequestError)
    /// The provider has taken a piece of what was at hand when its rest was still to come.
    case upstreamTook(AttemptID)
    /// Whether the provider takes more of the body now.
    case upstreamWritable(AttemptID, Bool)
    /// `nextDeadline` has passed.
    case tick
    case pathDown(Mark)
}

/// A request as the client sent it, and the chance drawn for it.
package struct ClientRequest: Sendable {
    /// The client's dialect, by the address it asked at.
    package var dialect: ClientDialect
    /// What it asked for there.
    package var operation: ModelOperation
    package var body: [UInt8]
    /// What the body is, where it is no JSON.
    package var form: UploadForm?
    /// What of the body is still to come; nil: nothing.
    package var rest: BodyRest?
    /// What its address says, in dialects that name the model there.
    package var address: RequestAddress?
    /// Fields of the head that a provider of the same dialect is to see, such as `anthropic-beta`.
    package var passedOn: [Header]
    /// Who asks; the key was found good.
    package var key: String
    package var team: String?
    /// What the key may use; nil: everything.
    package var access: ServedKey?
    /// The local date, 20261126; nil when no budget pays for it.
    package var localDay: Int?
    /// The client's address.
    package var source: IPAddress?
    /// Microseconds since 1970.
    package var unixMicroseconds: UInt64
    /// Uniform over all values.
    package var draw: UInt64
    /// The key's tags.
    package var tags: [String] = []
    /// Those of `RoutingView.askedHeaders` that the client sent.
    package var headers: [FactValue.Field] = []
    /// Whom it is for, whatever policies say; nil: they say.
    package var member: MemberID?
    /// Local time of day in seconds since midnight, if `RoutingView.asksForTime`.
    package var secondOfDay: Int64?

    package init(
        dialect: ClientDialect = .openai,
        operation: ModelOperation = .chat,
        body: [UInt8],
        passedOn: [Header] = [],
        key: String,
        team: String?,
        access: ServedKey? = nil,
        source: IPAddress?,
        unixMicroseconds: UInt64,
        draw: UInt64
    ) {
        self.dialect = dialect
        self.operation = operation
        self.body = body
        self.passedOn = passedOn
        self.key = key
        self.team = team
        self.access = access
        self.source = source
        self.unixMicroseconds = unixMicroseconds
        self.draw = draw
    }
}

/// What matters of an upstream's head.
package struct UpstreamHead: Hashable, Sendable {
    package var status: Int
    /// In lower case, without parameters: `text/event-stream`.
    package var contentType: String
    /// As sent (RFC 9110 §10.2.3).
    package var retryAfter: String?
    /// A content coding other than `identity`, which we did not ask for.
    package var contentEncoding: String?
    /// All that may be passed on, and the body's length if it is known; only where the answer is passed on as it is.
    package var fields: [Header] = []
    package var length: Int?
    /// What the provider says of its own limits; nil: nothing.
    package var limits: ProviderLimits?

    package init(
        status: Int,
        contentType: String,
        retryAfter: String? = nil,
        contentEncoding: String? = nil,
        limits: ProviderLimits? = nil
    ) {
        self.limits = limits
        self.status = status
        self.contentType = contentType
        self.retryAfter = retryAfter
        self.contentEncoding = contentEncoding
    }
}
