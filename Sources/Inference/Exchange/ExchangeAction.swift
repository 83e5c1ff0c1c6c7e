/// What does an exchange want done? Values only; `Gateway/ExchangeDriver` is the one place that does them.
package import NetTypes
package import PolicyEngine

/// One thing to do. Those of one answer are done in their order.
package enum ExchangeAction: Hashable, Sendable {
    /// Take an idle connection, or open one.
    case connect(ConnectOrder)
    indirect case send(AttemptID, UpstreamRequest)
    /// Nothing more is wanted from this attempt: close its connection, or stop making it.
    case closeUpstream(AttemptID)
    /// The answer is whole for us: keep the connection if its HTTP end comes soon, else close it.
    case releaseUpstream(AttemptID)
    /// Whether bytes of the request's body that are still to come are to be read.
    case readBody(Bool)
    /// The request's body was long, and is not kept here any more.
    case bodyGone
    /// Whether bytes of the answer are to be read.
    case readUpstream(AttemptID, Bool)
    /// The answer's head to the client; exactly once.
    case writeHead(ClientHead)
    case writeBody([UInt8])
    /// The answer is over.
    case endAnswer(ClientEnd)
    /// Passive health.
    case signal(member: String, path: String?, Signal)
    /// The member works, and wants to be left alone for so long.
    case pause(member: String, Cause, Span)
    case alarm(GatewayAlarm)
    /// The last action of every exchange. In a box, being several times as large as the others, which would all be as large.
    indirect case finished(DecisionRecord)
}

/// Where to connect to.
package struct ConnectOrder: Hashable, Sendable {
    package var attempt: AttemptID
    /// As index into `GatewaySnapshot.providers`.
    package var provider: Int
    package var host: String
    package var port: UInt16
    package var isTLS: Bool
    package var families: [AddressFamily]
    package var mark: Mark?
    /// No idle connection: the last one turned out to be dead.
    package var mustBeFresh: Bool
    /// What must be granted first; nil: it was, for the same attempt.
    package var permission: Permission?
}

/// A request to a provider, all but the secret, which the driver puts in by the provider's dialect (`Dialect.fields(key:)`).
package struct UpstreamRequest: Hashable, Sendable {
    /// Whose secret, as index into `GatewaySnapshot.providers`.
    package var provider: Int
    package var path: String
    /// `Host` as the URL says it.
    package var authority: String
    /// Besides host, length and credential.
    package var headers: [Header]
    package var body: [UInt8]
    /// What of the body follows, by `ExchangeDriver.upload`; nil: nothing.
    package var rest: BodyRest?
    /// nil: POST, as nearly always.
    package var method: PassageRequest.Method?
}

/// One header field.
package struct Header: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The head of the answer to the client.
package struct ClientHead: Hashable, Sendable {
    package var status: Int
    package var headers: [Header]
    /// Bytes of the body; nil: not known beforehand (a stream).
    package var length: Int?

    package init(status: Int, headers: [Header], length: Int?) {
        self.status = status
        self.headers = headers
        self.length = length
    }
}

/// How the answer to the client ends.
package enum ClientEnd: Hashable, Sendable {
    /// Complete; the connection may serve on.
    case complete
    /// The connection is of no use any more: the client left, or must not take what it got for a whole answer.
    case abort
}
