/// Do we read what NIO's decoder reads? On the same bytes both see the same messages, up to where one of them refuses; why one does
/// and the other does not is listed here, each with its reason.
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Wire

/// A message as both can tell it.
struct SeenMessage: Equatable, CustomStringConvertible {
    var start: String
    var fields: [String]
    var body: [UInt8] = []
    var trailers: [String] = []
    var isWhole = false

    var description: String { "\(start) \(fields) \(String(decoding: body, as: UTF8.self)) \(trailers) \(isWhole)" }
}

/// What one of the two made of a connection: its messages, and why it stopped before the end.
struct SeenConnection {
    var messages: [SeenMessage] = []
    var refusal: String?
    /// Whether the last message was to be the last: what stands behind it is none (RFC 9112 §9.6).
    var isOver = false
}

struct HTTPDifferentialTests {
    /// What we refuse and NIO does not.
    private static let onlyOurs: [HTTPError: String] = [
        .badHost: "RFC 9112 §3.2: a server answers 400; NIO leaves that to the application",
        .badTarget:
            "RFC 9112 §3.2, RFC 3986 §2: bytes that no URI holds, a fragment, a user; NIO takes what is not a blank",
        .badVersion: "RFC 9110 §2.5: a version that does not exist; NIO looks at the first digit",
        .unknownCoding: "RFC 9112 §6.1: 501 for a coding that is not undone; NIO hands the coded bytes on",
        .codingInHTTP10: "RFC 9112 §6.1: framing that is called faulty; NIO reads chunks",
        .badLength: "RFC 9112 §6.3: a list of lengths may be refused even if they are the same",
        .unknownExpectation:
            "RFC 9110 §10.1.1: 417 for an expectation that is not met; NIO leaves that to the application",
        .controlCharacter: "RFC 9110 §5.5: refused or made a blank; NIO takes most of them",
        .foldedLine: "RFC 9112 §5.2: 400 or a blank in its place; NIO joins the lines",
        .badStartLine: "RFC 9112 §2.2: one empty line before a request is skipped, not any number",
        .unaskedUpgrade: "RFC 9110 §7.8: nobody asked",
        .badChunkSize: "RFC 9112 §7.1.1: a blank behind a size is no grammar, and a known way to smuggle",
        .truncated: "RFC 9112 §8: the end inside a message is told as such",
        .tooManyInterim: "a bound of our own",
        .bareLineFeed:
            "RFC 9112 §2.2 lets a recipient take LF alone as a line's end; two recipients that differ can be played off",
        .badField: "RFC 9112 §5.1",
        .lengthAndCoding: "RFC 9112 §6.1: a proxy that forwards such a message may be smuggled through",
    ]

    @Test(arguments: [HTTPReader.Role.requests, .answers])
    func bothReadTheSameOrTheDifferenceIsListed(_ role: HTTPReader.Role) throws {
        var maker = HTTPMessageMaker(seed: 11)
        var agreed = 0
        var refusedByBoth = 0
        // One example of each kind is enough to look at.
        var found: [String: String] = [:]
        for _ in 0..<4000 {
            let bytes = role == .requests ? maker.requests() : maker.answers()
            let (ours, theirs) = (Self.ours(bytes, role), try Self.theirs(bytes, role))
            if let difference = Self.difference(ours, theirs, role) {
                let text = String(decoding: bytes, as: UTF8.self).debugDescription
                found[difference] = "\(text)\n  ours:   \(ours)\n  theirs: \(theirs)"
            }
            if ours.refusal == nil, theirs.refusal == nil { agreed += 1 }
            if ours.refusal != nil, theirs.refusal != nil { refusedByBoth += 1 }
        }
        for (kind, example) in found.sorted(by: { $0.key < $1.key }) { Issue.record("\(kind)\n  \(example)") }
        #expect(agreed > 400 && refusedByBoth > 200, "\(agreed) \(refusedByBoth): both kinds are among them")
    }

    /// nil: the same, or listed.
    private static func difference(_ ours: SeenConnection, _ theirs: SeenConnection, _ role: HTTPReader.Role) -> String?
    {
        for (one, other) in zip(ours.messages, theirs.messages) where one != other {
            // Whoever refuses has seen less of the message.
            if ours.refusal != nil || theirs.refusal != nil, one.isBeginning(of: other) || other.isBeginning(of: one) {
                break
            }
            return "messages differ: \(ours.refusal ?? "") / \(theirs.refusal ?? "")"
        }
        switch (ours.refusal, theirs.refusal) {
        case (nil, nil):
            if ours.messages.count == theirs.messages.count { return nil }
            // RFC 9112 §9.3: "close" ends the connection whatever else stands there; NIO looks for "keep-alive" as well.
            return isUpgrade(theirs) || ours.isOver ? nil : "one has seen more messages"
        case (let reason?, nil):
            let error = HTTPError(rawValue: reason)
            return error.flatMap { onlyOurs[$0] } == nil ? "only we refuse: \(reason)" : nil
        case (nil, let reason?): return isTheirs(reason, ours, role) ? nil : "only NIO refuses: \(reason)"
        case (_?, _?): return nil
        }
    }

    /// What NIO refuses and we do not.
    private static func isTheirs(_ reason: String, _ ours: SeenConnection, _ role: HTTPReader.Role) -> Bool {
        // RFC 9110 §9.1: an unknown method is the application's to refuse, with 501 or 405.
        if reason.contains("invalid HTTP method") { return role == .requests }
        // RFC 9110 §6.5.1: a trailer is no field of the head; NIO reads the length of a body in it.
        if reason.contains("content-length"), ours.messages.contains(where: { !$0.trailers.isEmpty }) { return true }
        // RFC 9110 §15.2: the answer that counts follows an interim one, whose "close" NIO takes for the end.
        if reason.contains("after completed connection"), role == .answers { return true }
        // RFC 9112 §9.6: what comes behind the last message is not processed. NIO says so, we swallow it.
        return ours.isOver
    }

    /// RFC 9110 §7.8: a server may ignore the wish for another protocol, and we do; NIO waits for somebody who serves it.
    private static func isUpgrade(_ seen: SeenConnection) -> Bool {
        seen.messages.last?.fields.contains { $0.lowercased().hasPrefix("upgrade:") } ?? false
    }
}

extension SeenMessage {
    fileprivate func isBeginning(of other: SeenMessage) -> Bool {
        start == other.start && fields == other.fields && !isWhole && other.body.starts(with: body)
    }
}

// MARK: - The two readers

extension HTTPDifferentialTests {
    private static func ours(_ bytes: [UInt8], _ role: HTTPReader.Role) -> SeenConnection {
        var seen = SeenConnection()
        for reading in HTTPReading.all([bytes[...]], role) {
            switch reading {
            case .head(let head):
                let version = head.isHTTP11 ? "1.1" : "1.0"
                let start = role == .requests ? "\(head.methodText) \(head.targetText)" : "\(head.status)"
                let fields = head.allFields.map { "\($0.name): \($0.value)" }
                seen.isOver = !head.keepsAlive
                seen.messages.append(SeenMessage(start: "\(start) \(version)", fields: fields))
            case .interim: break
            case .body(let body): seen.messages[seen.messages.count - 1].body += body
            case .end(let trailers):
                seen.messages[seen.messages.count - 1].trailers = trailers.map { "\($0.name): \($0.value)" }
                seen.messages[seen.messages.count - 1].isWhole = true
            case .refused(let error): seen.refusal = error.rawValue
            }
        }
        return seen
    }

    private static func theirs(_ bytes: [UInt8], _ role: HTTPReader.Role) throws -> SeenConnection {
        role == .requests ? try requests(bytes) : try answers(bytes)
    }

    private static func requests(_ bytes: [UInt8]) throws -> SeenConnection {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
        )
        var seen = SeenConnection()
        seen.refusal = feed(bytes, to: channel)
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                let version = "\(head.version.major).\(head.version.minor)"
                let start = "\(head.method.rawValue) \(path(head.uri)) \(version)"
                seen.messages.append(SeenMessage(start: start, fields: lines(head.headers)))
            case .body(let buffer): seen.take(buffer)
            case .end(let trailers): seen.end(trailers)
            }
        }
        return seen
    }

    private static func answers(_ bytes: [UInt8]) throws -> SeenConnection {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes))
        )
        for _ in 0..<8 {
            // It wants to have seen the requests.
            let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")
            try channel.writeOutbound(HTTPClientRequestPart.head(head))
        }
        var seen = SeenConnection()
        seen.refusal = feed(bytes, to: channel)
        while let part = try channel.readInbound(as: HTTPClientResponsePart.self) {
            switch part {
            case .head(let head):
                let start = "\(head.status.code) \(head.version.major).\(head.version.minor)"
                seen.messages.append(SeenMessage(start: start, fields: lines(head.headers)))
            case .body(let buffer): seen.take(buffer)
            case .end(let trailers): seen.end(trailers)
            }
        }
        return seen
    }

    /// Blanks behind a value are no part of it (RFC 9112 §5.1); NIO keeps those of some fields.
    private static func lines(_ headers: HTTPHeaders) -> [String] {
        headers.map { name, value in
            let end = value.utf8.lastIndex { $0 != 0x20 && $0 != 0x09 }
            return "\(name): \(end.map { String(value[...$0]) } ?? "")"
        }
    }

    /// All bytes, then the end. Gives what was thrown.
    private static func feed(_ bytes: [UInt8], to channel: EmbeddedChannel) -> String? {
        do {
            try channel.writeInbound(ByteBuffer(bytes: bytes))
            channel.pipeline.fireChannelInactive()
            try channel.throwIfErrorCaught()
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Our reader gives the path of an absolute-form target; NIO gives it whole.
    private static func path(_ uri: String) -> String {
        guard let scheme = uri.range(of: "://"), !uri.hasPrefix("/") else { return uri }
        let rest = uri[scheme.upperBound...].drop { $0 != "/" && $0 != "?" }
        return rest.hasPrefix("/") ? String(rest) : "/" + rest
    }
}

extension SeenConnection {
    fileprivate mutating func take(_ buffer: ByteBuffer) {
        messages[messages.count - 1].body += Array(buffer.readableBytesView)
    }

    fileprivate mutating func end(_ trailers: HTTPHeaders?) {
        messages[messages.count - 1].trailers = trailers?.map { "\($0.name): \($0.value)" } ?? []
        messages[messages.count - 1].isWhole = true
    }
}

extension String {
    fileprivate func range(of needle: String) -> Range<String.Index>? {
        for index in indices where self[index...].hasPrefix(needle) {
            return index..<self.index(index, offsetBy: needle.count)
        }
        return nil
    }
}
