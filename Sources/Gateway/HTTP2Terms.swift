/// On what terms is HTTP/2 spoken, with clients and with providers? How many streams, how much on its way, and how much of what costs us
/// something and the other side nothing.
import NIOCore
import NIOHPACK
import NIOHTTP2
import Wire

enum HTTP2Terms {
    /// What a client sends before anything else (RFC 9113 §3.4).
    static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    /// Whether a connection that begins with these bytes speaks HTTP/2; nil: too few have come to say.
    static func isSpoken(_ bytes: ByteBuffer) -> Bool? {
        let wanted = UnsafeBufferPointer(start: preface.utf8Start, count: preface.utf8CodeUnitCount)
        guard zip(bytes.readableBytesView, wanted).allSatisfy({ $0 == $1 }) else { return false }
        return bytes.readableBytes < wanted.count ? nil : true
    }

    /// Requests at once on a client's connection; whoever wants more opens another. More than the 100 that clients take for granted before they
    /// were told, since NIO ends the connection of one that goes beyond.
    static let clientStreams = 128
    /// Requests at once on a connection to a provider, if it does not say less.
    static let providerStreams = 100
    /// Requests after which a connection to a provider is given up: long before its streams' numbers, of 31 bits, run out.
    static let providerRequests = 1 << 24
    /// Bytes of one stream's body that may be on their way to us, or wait here for somebody who reads slowly.
    private static let streamWindow = 256 << 10
    /// The same for a connection. It is opened anew as bytes come, whoever they are for: a stream that nobody reads stops no other.
    private static let connectionWindow = 1 << 20
    /// Bytes of a head by HPACK's count, which adds 32 for each field. Twice `HTTPLimits.head`, beyond which a request is answered with 431: what
    /// is beyond this ends the connection, since HPACK's state is lost with it.
    private static let headBytes = 64 << 10
    /// RST_STREAM within half a minute: clients that cancel do so, but not thirty times a second (CVE-2023-44487).
    private static let resets = 1000
    /// Answers to PING, SETTINGS and the like that wait for a client that does not read.
    private static let waitingFrames = 1000
    /// PING, SETTINGS and PRIORITY within half a minute. A provider may measure the way by a PING for each of its round trips, and one that is
    /// told to be calm takes up to a hundred answers with it.
    private static func controlFrames(from mode: NIOHTTP2Handler.ParserMode) -> Int { mode == .server ? 200 : 6000 }
    /// DATA without a byte from one head or end of a stream to the next, on the whole connection. Who flushes when there is nothing to say sends
    /// some, and some providers do so for an hour to keep a stream alive.
    private static func emptyFrames(from mode: NIOHTTP2Handler.ParserMode) -> Int { mode == .server ? 100 : 2000 }
    /// Bytes of HPACK's table that the other side may have us keep. The library takes its word for it, and that may be 4 GiB.
    private static let tableBytes = 64 << 10

    /// How fields are to be sent from now on to a side that has said this; nil: it has not said anything about it.
    static func indexing(by settings: HTTP2Settings) -> HPACKIndexing? {
        settings.last { $0.parameter == .headerTableSize }.map { $0.value > tableBytes ? .nonIndexable : .indexable }
    }

    /// - Parameter mode: what we are on it.
    static func connection(as mode: NIOHTTP2Handler.ParserMode) -> NIOHTTP2Handler.ConnectionConfiguration {
        var terms = NIOHTTP2Handler.ConnectionConfiguration()
        terms.initialSettings = [
            HTTP2Setting(parameter: .maxHeaderListSize, value: headBytes),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
        ]
        switch mode {
        case .server:
            terms.initialSettings.append(HTTP2Setting(parameter: .maxConcurrentStreams, value: clientStreams))
        // A provider has no stream to open: nothing is pushed.
        case .client: terms.initialSettings.append(HTTP2Setting(parameter: .enablePush, value: 0))
        }
        // `HTTP2Head` judges heads, and says what is wrong with them.
        terms.headerBlockValidation = .disabled
        terms.targetWindowSize = connectionWindow
        terms.maximumBufferedControlFrames = waitingFrames
        terms.maximumSequentialEmptyDataFrames = emptyFrames(from: mode)
        terms.controlFrameRateLimit.maximumCount = controlFrames(from: mode)
        // Bytes of streams that we ended may still be on their way, of as many as there may be.
        terms.maximumRecentlyResetStreams = clientStreams
        return terms
    }

    static var stream: NIOHTTP2Handler.StreamConfiguration {
        var terms = NIOHTTP2Handler.StreamConfiguration()
        terms.targetWindowSize = streamWindow
        terms.outboundBufferSizeLowWatermark = GatewayLimits.waterMark.low
        terms.outboundBufferSizeHighWatermark = GatewayLimits.waterMark.high
        terms.streamResetFrameRateLimit.maximumCount = resets
        return terms
    }

    /// Whether an error of the library's is one stream's affair. An end may call every error one of the connection (RFC 9113 §5.4.1).
    static func isOfStream(_ error: any Error) -> Bool {
        switch error {
        case is NIOHTTP2Errors.StreamError, is NIOHTTP2Errors.StreamClosed, is NIOHTTP2Errors.ContentLengthViolated,
            is NIOHTTP2Errors.ContentLengthHeadersMismatch, is NIOHTTP2Errors.ContentLengthHeaderNegative,
            is NIOHTTP2Errors.ContentLengthHeaderMalformedValue, is NIOHTTP2Errors.TrailersWithoutEndStream:
            true
        // A frame that its stream had no place for. There is none to end where it was never there, or is over.
        case let error as NIOHTTP2Errors.BadStreamStateTransition:
            error.fromState.map { $0 != .idle && $0 != .closed } ?? false
        default: false
        }
    }

    /// Reads a head.
    /// - Parameter hasBody: the stream goes on.
    static func head(
        _ headers: HPACKHeaders,
        from role: HTTPReader.Role,
        hasBody: Bool
    ) throws(HTTPError) -> HTTPMessage {
        var head = HTTP2Head(role)
        for (name, value, _) in headers { try head.field(name, value) }
        return try head.end(hasBody: hasBody)
    }
}

extension HPACKHeaders {
    /// A field that may be written; others are left out, as by `HTTPWriter`.
    mutating func put(_ name: String, _ value: String, indexing: HPACKIndexing) {
        guard HTTPField.isName(name), HTTPField.isValue(value) else { return }
        add(name: name.lowercased(), value: value, indexing: indexing)
    }
}
