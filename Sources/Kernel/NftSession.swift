/// How the nftables part of a change is sent, and how our table is read back.
import CNftnl
import CShim
import Forwarding
import Glibc
import NetTypes

/// Not thread-safe: owned by one thread after it is made.
final class NftSession {
    private static let receiveBuffer: Int32 = 1 << 20

    private var socket: NetlinkSocket

    /// Opens the socket in the network namespace of the calling thread.
    init() throws(NetlinkFailure) {
        socket = try .open(.netfilter, receiveBuffer: Self.receiveBuffer)
    }

    /// Carries out a change of the mark table; other changes are refused, they do not belong here.
    func perform(_ operation: KernelChange.Operation, within limit: Span) -> ChangeOutcome {
        let first = socket.nextSequence()
        var batch = NftBatch(sequence: first)
        do throws(KernelRefusal) {
            switch operation {
            case .setMarkTable(let table): try batch.replace(table)
            case .deleteMarkTable(let name): try batch.remove(name)
            case .setNexthop, .deleteNexthop, .setRoute, .deleteRoute, .addRule, .deleteRule:
                throw KernelRefusal(errno: EINVAL, words: "not a change of nftables")
            }
        } catch {
            return .refused(error)
        }
        let last = batch.end()
        while socket.nextSequence() != last {}
        return commit(batch.bytes, first, last, within: limit)
    }

    /// Sends a finished batch; the first error is the batch's, the acknowledgement of its end is its success.
    private func commit(_ bytes: [UInt8], _ first: UInt32, _ last: UInt32, within limit: Span) -> ChangeOutcome {
        var outcome: ChangeOutcome?
        do throws(NetlinkFailure) {
            socket.makeRoom(toSend: bytes.count)
            try bytes.withUnsafeBufferPointer { bytes throws(NetlinkFailure) in
                try socket.send(UnsafeRawBufferPointer(bytes))
            }
            let deadline = Deadline.after(limit)
            while outcome == nil {
                try socket.receive(until: deadline) { message, bytes throws(MalformedMessage) in
                    guard outcome == nil, Int32(message.type) == NLMSG_ERROR else { return }
                    let answer = try Acknowledgement(message, in: bytes)
                    guard answer.sequence &- first <= last &- first else { return }
                    if let refusal = answer.refusal { outcome = .refused(refusal) }
                    if answer.sequence == last, outcome == nil { outcome = .accepted }
                }
            }
        } catch {
            if case .system(NetlinkSocket.sendCall, let errno) = error {
                return .refused(KernelRefusal(errno: errno, words: "not sent"))
            }
        }
        return outcome ?? .unknown
    }

    /// One request and all its answers: shows each object message to `object`.
    ///
    /// Throws `refused` with the kernel's errno, among the other failures.
    func ask(
        _ type: nf_tables_msg_types,
        flags: Int32,
        within limit: Span,
        payload: (UnsafeMutablePointer<nlmsghdr>) -> Void,
        object: (UnsafePointer<nlmsghdr>) -> Void
    ) throws(NetlinkFailure) {
        let sequence = socket.nextSequence()
        try send(type, flags: flags, sequence, payload)
        let deadline = Deadline.after(limit)
        var end: AnswerEnd?
        var isInterrupted = false
        while end == nil {
            try socket.receive(until: deadline) { message, bytes throws(MalformedMessage) in
                guard message.sequence == sequence, message.port == socket.port, end == nil else { return }
                if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isInterrupted = true }
                end = try AnswerEnd(message, in: bytes)
                if end == nil { bytes.withHeader(of: message, object) }
            }
        }
        if case .refused(let refusal) = end { throw .refused(refusal) }
        if isInterrupted { throw .interrupted }
    }

    private func send(
        _ type: nf_tables_msg_types,
        flags: Int32,
        _ sequence: UInt32,
        _ payload: (UnsafeMutablePointer<nlmsghdr>) -> Void
    ) throws(NetlinkFailure) {
        // A request holds a table's and a chain's name at most.
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4 << 10) { buffer throws(NetlinkFailure) in
            guard let start = buffer.baseAddress,
                let header = nftnl_nlmsg_build_hdr(
                    start,
                    UInt16(type.rawValue),
                    UInt16(NetfilterNumber.inet),
                    UInt16(flags),
                    sequence
                )
            else { return }
            payload(header)
            try socket.send(UnsafeRawBufferPointer(start: start, count: Int(header.pointee.nlmsg_len)))
        }
    }
}

extension RawSpan {
    /// Lends a whole message to libnftnl. Its length has been checked to be inside.
    fileprivate func withHeader(of message: Message, _ body: (UnsafePointer<nlmsghdr>) -> Void) {
        withUnsafeBytes { bytes in
            let offset = message.payload.lowerBound - MessageEncoder.headerSize
            guard let start = bytes.baseAddress else { return }
            (start + offset).withMemoryRebound(to: nlmsghdr.self, capacity: 1, body)
        }
    }
}
