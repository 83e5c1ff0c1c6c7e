/// May this be paid for? The budgets of the key and its team, asked when it is known whose price it is.
import ConfigSyntax
import NetTypes
import PolicyEngine

extension Exchange {
    /// Reserves what the candidate would cost, by estimate, with the key and its team; the reason why not, when it does not fit or its
    /// price is not known. What costs nothing always fits.
    mutating func reserveMoney(for candidate: Candidate) -> Cause? {
        guard let subjects = load.payers, !subjects.isEmpty else { return nil }
        var usage = Usage(input: load.prompt, output: load.answer)
        usage.units = load.units
        let second = record.startedUnix / 1_000_000
        guard let cost = view.snapshot.cost(of: usage, at: candidate.member, second: second, images: 0) else {
            return .priceUnknown
        }
        let amount = UInt64(clamping: cost.money.picoDollars)
        for subject in subjects {
            guard let hold = subject.reserve(amount, on: record.localDay ?? 0) else {
                settleMoney(0)
                load.poorest = subject
                return .overBudget
            }
            load.money.append(hold)
        }
        return nil
    }

    /// The attempt is over and cost so much.
    mutating func settleMoney(_ cost: UInt64) {
        for hold in load.money { hold.subject.settle(hold, cost: cost) }
        load.money = []
    }

    /// Nobody is left whom the budget can pay. Coming again soon is of no use, which clients of both providers understand.
    mutating func broke(_ subject: LoadSubject, at now: Instant) {
        turnAway(.overBudget(subject), .rejected, [Header("x-should-retry", "false")], at: now)
    }
}

extension ClientError {
    /// What is left of a subject's budget does not pay for it; as OpenAI calls that.
    static func overBudget(_ subject: LoadSubject) -> ClientError {
        let who = subject.kind == .team ? "The team '\(subject.name)'" : "This key"
        let text = "\(who) has used up its budget of \(subject.limits.budget?.words ?? "")."
        return ClientError(429, type: "insufficient_quota", code: "insufficient_quota", text)
    }
}

extension Cause {
    /// It would cost more than what is left of a budget.
    static let overBudget = Cause("over-budget")
}
