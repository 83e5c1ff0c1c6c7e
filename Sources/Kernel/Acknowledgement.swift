/// What the kernel answered to one request: done, or why not, in its own words (`NLMSG_ERROR` with `NETLINK_EXT_ACK`).
import CShim
import Forwarding

struct Acknowledgement {
    /// Of the request it answers.
    let sequence: UInt32
    /// Nil when the request was carried out.
    let refusal: KernelRefusal?

    /// `struct nlmsgerr`: the error and the header of the request.
    private static let fixedSize = 20

    /// Reads the payload of an `NLMSG_ERROR` message.
    init(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        let start = message.payload.lowerBound
        guard message.payload.count >= Self.fixedSize else { throw MalformedMessage(offset: start) }
        let error = bytes.load(start, as: Int32.self)
        sequence = bytes.load(start + 12, as: UInt32.self)
        guard error != 0 else {
            refusal = nil
            return
        }
        // Where the request's payload is not cut off (NLM_F_CAPPED), the attributes stand behind it.
        let isCapped = message.flags & UInt16(NLM_F_CAPPED) != 0
        let echoed = isCapped ? 16 : Int(bytes.load(start + 4, as: UInt32.self))
        let words =
            message.flags & UInt16(NLM_F_ACK_TLVS) != 0
            ? try Self.words(message.payload, after: 4 + echoed, in: bytes) : ""
        refusal = KernelRefusal(errno: 0 &- error, words: words)
    }

    /// The error a dump ended with, if any: `NLMSG_DONE` carries its negative errno and the same attributes.
    static func refusal(endingDump message: Message, in bytes: RawSpan) throws(MalformedMessage) -> KernelRefusal? {
        let start = message.payload.lowerBound
        guard message.payload.count >= 4 else { return nil }
        let error = bytes.load(start, as: Int32.self)
        guard error < 0 else { return nil }
        let hasWords = message.flags & UInt16(NLM_F_ACK_TLVS) != 0
        return KernelRefusal(errno: 0 &- error, words: hasWords ? try words(message.payload, after: 4, in: bytes) : "")
    }

    private static func words(
        _ payload: Range<Int>,
        after size: Int,
        in bytes: RawSpan
    ) throws(MalformedMessage) -> String {
        var attributes = try AttributeCursor(payload, after: size)
        while let attribute = try attributes.next(in: bytes) {
            if attribute.type == UInt16(NLMSGERR_ATTR_MSG.rawValue) { return bytes.text(attribute) }
        }
        return ""
    }
}

/// What ends the answers to one request.
enum AnswerEnd {
    case complete
    case refused(KernelRefusal)

    /// Nil for a message that carries an object: more will come.
    init?(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        let refusal: KernelRefusal?
        switch Int32(message.type) {
        case NLMSG_ERROR: refusal = try Acknowledgement(message, in: bytes).refusal
        case NLMSG_DONE: refusal = try Acknowledgement.refusal(endingDump: message, in: bytes)
        default: return nil
        }
        self = refusal.map { .refused($0) } ?? .complete
    }
}
