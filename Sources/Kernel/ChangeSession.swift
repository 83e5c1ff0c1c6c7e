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
    /// What announcements of our own nftables changes carry.
    var nftablesPort: UInt32 { nftables.port }

    private let limits: LaneLimits
    private let socket: NetlinkSocket
    private let nftables: NftSession
    private var step: ChangeStep
    private var outcomes: [ChangeOutcome] = []

    /// Opens the sockets in the network namespace of the calling thread.
    init(_ limits: LaneLimits) throws(NetlinkFailure) {
        self.limits = limits
        socket = try .open(.route, receiveBuffer: limits.receiveBuffer)
        nftables = try NftSession()
        step = ChangeStep(limits)
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
        if let change = operation.rulesetChange {
            flush()
            outcomes[index] = nftables.perform(change, within: limits.answerWithin)
            return
        }
        if let refusal = operation.refusalBeforeSending {
            outcomes[index] = .refused(refusal)
            return
        }
        if step.add(operation, index) { return }
        flush()
        if !step.add(operation, index) {
            outcomes[index] = .refused(KernelRefusal(errno: EMSGSIZE, words: "larger than one send"))
        }
    }

    /// Sends the step and waits for the answer to its last message.
    private func flush() {
        guard !step.isEmpty else { return }
        step.close()
        do throws(NetlinkFailure) {
            try step.withBytes { bytes throws(NetlinkFailure) in try socket.send(bytes) }
            try gatherAnswers(until: .after(limits.answerWithin))
        } catch {
            abandonStep(error)
        }
        step.reset()
        // Whoever waits for the RTNL lock, the fast lane first of all, gets it here.
        sched_yield()
    }

    private func gatherAnswers(until deadline: Deadline) throws(NetlinkFailure) {
        var isAnswered = false
        while !isAnswered {
            try socket.receive(until: deadline) { message, bytes throws(MalformedMessage) in
                guard Int32(message.type) == NLMSG_ERROR else { return }
                let answer = try Acknowledgement(message, in: bytes)
                // None: it answers a step that was given up.
                guard let position = step.position(of: answer.sequence) else { return }
                if let refusal = answer.refusal { outcomes[step.indices[position]] = .refused(refusal) }
                if position == step.indices.count - 1 { isAnswered = true }
            }
        }
    }

    /// The step was not sent, or its last answer did not come: what has no refusal of its own is refused or unknown.
    private func abandonStep(_ failure: NetlinkFailure) {
        let outcome: ChangeOutcome =
            if case .system(NetlinkSocket.sendCall, let errno) = failure {
                .refused(KernelRefusal(errno: errno, words: "not sent"))
            } else {
                .unknown
            }
        for index in step.indices where outcomes[index] == .accepted { outcomes[index] = outcome }
    }
}
