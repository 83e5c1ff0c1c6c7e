/// How a change of our nftables table is carried out, and how the kernel is asked about it.
import CNftnl
import CShim
import Forwarding
import Glibc
import NetTypes

/// Not thread-safe: owned by one thread after it is made.
final class NftSession {
    private static let receiveBuffer: Int32 = 1 << 20

    private var socket: NetlinkSocket
    private var requests = MessageEncoder(capacity: 4 << 10)

    /// What the kernel calls the socket: what this session changes is announced with it.
    var port: UInt32 { socket.port }

    /// Opens the socket in the network namespace of the calling thread.
    init() throws(NetlinkFailure) {
        socket = try .open(.netfilter, receiveBuffer: Self.receiveBuffer)
    }

    /// Carries out a change of our table, whole or not at all.
    func perform(_ change: RulesetChange, within limit: Span) -> ChangeOutcome {
        let first = socket.nextSequence()
        do throws(KernelRefusal) {
            var batch = try NftBatch(sequence: first, table: change.table)
            for step in change.steps { try batch.append(step) }
            let last = batch.end()
            socket.skipSequences(to: last)
            return batch.withBytes { commit($0, first, last, within: limit) }
        } catch {
            return .refused(error)
        }
    }

    /// Sends a finished batch; the first error is the batch's, the acknowledgement of its end is its success.
    private func commit(_ bytes: UnsafeRawBufferPointer, _ first: UInt32, _ last: UInt32, within limit: Span)
        -> ChangeOutcome
    {
        var outcome: ChangeOutcome?
        do throws(NetlinkFailure) {
            socket.makeRoom(toSend: bytes.count)
            try socket.send(bytes)
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
        request: (inout MessageEncoder) -> Void,
        object: (Message, RawSpan) throws(MalformedMessage) -> Void
    ) throws(NetlinkFailure) {
        let sequence = socket.nextSequence()
        try send(type, flags: flags, sequence, request)
        let deadline = Deadline.after(limit)
        var end: AnswerEnd?
        var isInterrupted = false
        while end == nil {
            try socket.receive(until: deadline) { message, bytes throws(MalformedMessage) in
                guard message.sequence == sequence, message.port == socket.port, end == nil else { return }
                if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isInterrupted = true }
                end = try AnswerEnd(message, in: bytes)
                if end == nil { try object(message, bytes) }
            }
        }
        if case .refused(let refusal) = end { throw .refused(refusal) }
        if isInterrupted { throw .interrupted }
    }

    private func send(
        _ type: nf_tables_msg_types,
        flags: Int32,
        _ sequence: UInt32,
        _ request: (inout MessageEncoder) -> Void
    ) throws(NetlinkFailure) {
        requests.reset()
        let number = Int(NFNL_SUBSYS_NFTABLES) << 8 | Int(type.rawValue)
        requests.begin(number, flags: NLM_F_REQUEST | flags, sequence: sequence)
        // `struct nfgenmsg`: family, version 0, resource 0.
        requests.put(UInt32(NetfilterNumber.inet))
        request(&requests)
        guard requests.finish() else { throw .system(call: "request", errno: EMSGSIZE) }
        try requests.withBytes { bytes throws(NetlinkFailure) in try socket.send(bytes) }
    }
}
