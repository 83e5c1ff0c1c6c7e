/// How much and how long does the gateway bear from clients and providers, outside of single exchanges?
import Inference
import NIOCore
import NetTypes
import Wire

enum GatewayLimits {
    /// Bytes of a request's body: 16 images of 2 MiB in base64 and the text around them.
    static let requestBytes = 48 << 20
    /// Bytes of a form with files: OpenAI takes sixteen pictures of 50 MiB.
    static let uploadBytes = 1 << 30
    /// Bytes of a form that are kept, so that another provider can be sent them too: a few minutes of speech, a picture. What is larger is sent on
    /// as it comes.
    static let uploadWindow = 4 << 20
    /// Bytes of those that a provider is sent in one piece: each that it takes shows that it does not stall.
    static let uploadPiece = 64 << 10
    /// What is read of a client's message; a provider's answer is bounded by the exchange, its head by `HTTPLimits`. Of what is no form
    /// `IncomingRequest` takes `requestBytes`.
    static let request = HTTPLimits(body: uploadBytes)
    /// Bytes reserved for a body before it comes, whatever its length says: a stranger's word is not worth memory.
    static let reservedBytes = 64 << 10
    /// Room for this many times what has come is made when that is full: some is proof of more, and each time all is copied.
    static let reservedTimes = 16
    /// Bytes of a body up to which nobody counts it: there are no more of them than clients.
    static let uncountedBytes = ExchangeLimits.uncountedBytes
    /// Bytes of longer bodies that are kept at once: an eighth of the memory, since there are up to two copies of each for a moment, and always room
    /// for one that is as long as it may be, and for its answer.
    static func roomBytes(memory: Int = HostMemory.bytes()) -> Int {
        max(memory / 8, requestBytes + ExchangeLimits.plainAnswerBytes)
    }
    /// Freed bytes that each loop's memory keeps, and the size from which a block is mapped by itself. A long body is three blocks of its
    /// length; given back after each request, their pages are half of what the request costs (Benchmarks/README.md).
    static let keptBytes: Int32 = 8 << 20
    static let mappedBytes: Int32 = 4 << 20
    /// Bytes reserved for an answer's body before it comes: what is passed on may say that it is larger than any memory.
    static let reservedAnswerBytes = 1 << 20
    /// From the connection to the first request's head, and from one answer to the next request.
    static let firstHead = Span.seconds(30)
    static let idleClient = Span.seconds(75)
    /// From a request's head to the end of its body.
    static let body = Span.seconds(120)
    /// How long an answered connection that is to be closed still swallows what the client sends: closing with unread bytes
    /// would reset it, and the client might lose the answer.
    static let linger = Span.seconds(2)
    /// How long a client may take to read what was written to it, beyond which its connection is closed.
    static let slowClient = ExchangeLimits.slowClient
    /// How long a client that takes nothing may keep us from telling it that a stream has ended, beyond which its connection is closed.
    static let unheardEnd = Span.seconds(10)
    /// How long an idle connection to a provider is kept. Below the 60 s after which common servers close theirs.
    static let idleUpstream = Span.seconds(45)
    /// Idle connections kept for one provider over one path, for each loop.
    static let idleUpstreamsPerKey = 64
    /// How long the rest of a stream whose end was read may take before its connection is closed instead of kept.
    static let upstreamTail = Span.seconds(1)
    /// Bytes that the kernel keeps for a client beyond those under way. By itself it takes megabytes: what a client has read would be seen minutes
    /// late, and what is urgent, as that a stream has ended, would wait behind them.
    static let unsentBytes = 32 << 10
    /// Bytes waiting to be written, in either direction, above which the other side is not read (docs/architecture.md §5).
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 16 << 10, high: 32 << 10)
    /// How long a connection that is idle when the gateway begins to end may still ask one thing more.
    static let lastRequest = Span.seconds(2)
    /// How long running answers may go on after the daemon has gone or asked for an end.
    static let drain = Span.seconds(600)
    /// How often certificates are looked at anew: a renewed one may wait for that, an operator who cannot wait reloads.
    static let certificateReading = Span.seconds(3600)
    /// Reports leave in batches: one wake-up of the daemon for many requests. Nobody looks a request up sooner.
    static let reportBatch = Span.milliseconds(20)
    /// How often sums of what found no room in the ledger are tried again.
    static let ledgerRetry = Span.seconds(1)
    /// Bytes of one frame of the link, either way.
    static let frameBytes = 64 << 20
    /// Bytes of reports that wait for a daemon that does not read; beyond it they are dropped and counted.
    static let waitingReportBytes = 8 << 20
    /// How long a resolved address is used without asking again, and how long at most while that is answered or fails.
    static let addressAge = Span.seconds(30)
    static let staleAddressAge = Span.seconds(600)
    /// Between the first try at one of a host's addresses and the next (RFC 8305 §5).
    static let nextAddress = Span.milliseconds(250)
}

extension Span {
    /// For NIO's timers.
    var timeAmount: TimeAmount { .nanoseconds(nanoseconds) }
}
