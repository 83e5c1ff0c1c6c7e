/// How changes are sent in steps and the kernel's answers attributed to them: what both lanes do, with steps of different sizes.
///
/// A step is one send. Only its last message asks for an acknowledgement; errors of the others carry their own sequence numbers, so
/// silence until the last answer means that they were carried out.
import CShim
import Forwarding
import Glibc
import NetTypes

/// Not thread-safe: owned by one lane's thread after it is made.
final class ChangeSession {
    private let limits: LaneLimits
    private var socket: NetlinkSocket
    private let nftables: NftSession
    private var encoder: MessageEncoder
    /// Which changes the encoder holds, by their indices; the first of them has the sequence number `firstSequence`.
    private var step: [Int] = []
    private var firstSequence: UInt32 = 0
    private var outcomes: [ChangeOutcome] = []

    /// Opens the sockets in the network namespace of the calling thread.
    init(_ limits: LaneLimits) throws(NetlinkFailure) {
        self.limits = limits
        socket = try .open(.route, receiveBuffer: limits.receiveBuffer)
        nftables = try NftSession()
        encoder = MessageEncoder(capacity: limits.stepBytes)
    }

    /// Carries out the changes, in this order of their indices. The outcomes stand as the changes do.
    func perform(_ changes: [KernelChange], order: some Sequence<Int>) -> [ChangeOutcome] {
        outcomes = [ChangeOutcome](repeating: .accepted, count: changes.count)
        for index in order { place(changes[index].operation, index) }
        flush()
        defer { outcomes = [] }
        return outcomes
    }

    private func place(_ operation: KernelChange.Operation, _ index: Int) {
        if operation.isForNftables {
            flush()
            outcomes[index] = nftables.perform(operation, within: limits.answerWithin)
            return
        }
        if let refusal = operation.refusalBeforeSending {
            outcomes[index] = .refused(refusal)
            return
        }
        if step.count < limits.changesPerStep, append(operation, index) { return }
        flush()
        guard append(operation, index) else {
            outcomes[index] = .refused(KernelRefusal(errno: EMSGSIZE, words: "larger than one send"))
            return
        }
    }

    private func append(_ operation: KernelChange.Operation, _ index: Int) -> Bool {
        let sequence = socket.nextSequence()
        guard encoder.append(operation, sequence: sequence) else { return false }
        if step.isEmpty { firstSequence = sequence }
        step.append(index)
        return true
    }

    /// Sends the step and waits for the answer to its last message.
    private func flush() {
        guard !step.isEmpty else { return }
        encoder.acknowledgeLast()
        do throws(NetlinkFailure) {
            try encoder.withBytes { bytes throws(NetlinkFailure) in try socket.send(bytes) }
            try gatherAnswers(until: .after(limits.answerWithin))
        } catch {
            abandonStep(error)
        }
        encoder.reset()
        step.removeAll(keepingCapacity: true)
        // Whoever waits for the RTNL lock, the fast lane first of all, gets it here.
        sched_yield()
    }

    private func gatherAnswers(until deadline: Deadline) throws(NetlinkFailure) {
        var isAnswered = false
        while !isAnswered {
            try socket.receive(until: deadline) { message, bytes throws(MalformedMessage) in
                guard Int32(message.type) == NLMSG_ERROR else { return }
                let answer = try Acknowledgement(message, in: bytes)
                // An answer that comes after its step was given up has a number outside of this one.
                let position = Int(answer.sequence &- firstSequence)
                guard position < step.count else { return }
                if let refusal = answer.refusal { outcomes[step[position]] = .refused(refusal) }
                if position == step.count - 1 { isAnswered = true }
            }
        }
    }

    /// The step was not sent, or its last answer did not come: what has no refusal of its own is refused or unknown.
    private func abandonStep(_ failure: NetlinkFailure) {
        let outcome: ChangeOutcome =
            if case .system(let call, let errno) = failure, call == NetlinkSocket.sendCall {
                .refused(KernelRefusal(errno: errno, words: "not sent"))
            } else {
                .unknown
            }
        for index in step where outcomes[index] == .accepted { outcomes[index] = outcome }
    }
}
