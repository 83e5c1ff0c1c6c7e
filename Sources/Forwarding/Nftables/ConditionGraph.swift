/// How a condition that is no short `or` of `and`s becomes chains: each part leads on to one chain where it holds, to another where it
/// does not, or back to the policies.
import NetTypes
import PolicyEngine

struct ConditionGraph {
    /// Where a packet goes on.
    private enum Way {
        /// To the chain with this number.
        case chain(Int)
        case verdict(Ruleset.Verdict)
    }

    private struct Draft {
        /// `yes` where all conditions hold; they are tried in this order.
        var tests: [(conditions: [PacketCondition], yes: Way)] = []
        /// Where none does.
        var no = Way.verdict(.return)
    }

    private let start: String
    private let families: [AddressFamily]
    private var drafts = [Draft()]

    init(start: String, families: [AddressFamily]) {
        self.start = start
        self.families = families
    }

    /// Compiles the whole condition; where it does not hold, the policies go on.
    mutating func compile(_ step: Match.Step, yes: Ruleset.Verdict) {
        put(step, in: 0, yes: .verdict(yes), no: .verdict(.return))
    }

    private mutating func put(_ step: Match.Step, in draft: Int, yes: Way, no: Way) {
        if let alternatives = PolicyChains.alternatives(step, not: false) {
            drafts[draft].tests += alternatives.map { ($0, yes) }
            drafts[draft].no = no
            return
        }
        switch step {
        case .always: drafts[draft].no = yes
        case .not(let inner): put(inner, in: draft, yes: no, no: yes)
        case .test: drafts[draft].no = no
        case .all(let parts): putAll(parts, in: draft, yes: yes, no: no)
        case .some(let parts): putSome(parts, in: draft, yes: yes, no: no)
        }
    }

    private mutating func putAll(_ parts: [Match.Step], in draft: Int, yes: Way, no: Way) {
        var current = draft
        for (position, part) in parts.enumerated() {
            guard position < parts.count - 1 else { return put(part, in: current, yes: yes, no: no) }
            let next = newDraft()
            put(part, in: current, yes: .chain(next), no: no)
            current = next
        }
        if parts.isEmpty { drafts[draft].no = yes }
    }

    private mutating func putSome(_ parts: [Match.Step], in draft: Int, yes: Way, no: Way) {
        var current = draft
        for (position, part) in parts.enumerated() {
            guard position < parts.count - 1 else { return put(part, in: current, yes: yes, no: no) }
            // Parts that are a rule each stand in one chain.
            if let alternatives = PolicyChains.alternatives(part, not: false) {
                drafts[current].tests += alternatives.map { ($0, yes) }
                continue
            }
            let next = newDraft()
            put(part, in: current, yes: yes, no: .chain(next))
            current = next
        }
        if parts.isEmpty { drafts[draft].no = no }
    }

    private mutating func newDraft() -> Int {
        drafts.append(Draft())
        return drafts.count - 1
    }

    /// How many chains lead into one another at most. No chain leads back to one before it.
    var depth: Int {
        var depths: [Int: Int] = [:]
        return depth(of: 0, &depths)
    }

    private func depth(of number: Int, _ known: inout [Int: Int]) -> Int {
        if let depth = known[number] { return depth }
        var deepest = 0
        for case .chain(let next) in drafts[number].tests.map(\.yes) + [drafts[number].no] {
            deepest = max(deepest, depth(of: next, &known))
        }
        known[number] = deepest + 1
        return deepest + 1
    }

    /// The chains, the first of them with the start's name.
    func chains(_ writer: inout ConditionWriter, comment: String) -> [Ruleset.Chain] {
        drafts.enumerated().map { number, draft in
            var rules: [Ruleset.Rule] = []
            for test in draft.tests {
                rules += PolicyChains.rules(test.conditions, families, verdict(test.yes), &writer, comment: comment)
            }
            rules.append(Ruleset.Rule(comment, [.verdict(verdict(draft.no))]))
            return Ruleset.Chain(name(number), rules)
        }
    }

    private func verdict(_ way: Way) -> Ruleset.Verdict {
        switch way {
        case .chain(let number): .goto(name(number))
        case .verdict(let verdict): verdict
        }
    }

    private func name(_ number: Int) -> String { number == 0 ? start : "\(start).\(number)" }
}
