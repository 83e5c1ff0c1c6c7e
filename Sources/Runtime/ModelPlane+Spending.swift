/// What has each budget paid in its period? Summed from the decisions, so that a gateway that begins anew goes on where the last one
/// ended.
import ConfigSyntax
package import Inference

/// The sums, as they are kept over restarts.
package struct Spending: Sendable, Hashable {
    /// In order of kind and name.
    package private(set) var uses: [SpendingUse]

    package init(_ uses: [SpendingUse] = []) { self.uses = uses }

    package func use(of kind: LoadSubject.Kind, _ name: String) -> SpendingUse? {
        uses.first { $0.kind == kind && $0.name == name }
    }

    /// Adds what a request cost that began in this period. One of an earlier period than the last is past.
    mutating func add(_ cost: UInt64, to kind: LoadSubject.Kind, _ name: String, in period: Int) {
        guard let place = uses.firstIndex(where: { $0.kind == kind && $0.name == name }) else {
            uses.append(SpendingUse(kind: kind, name: name, period: period, picoDollars: cost))
            uses.sort { ($0.kind.rawValue, $0.name) < ($1.kind.rawValue, $1.name) }
            return
        }
        guard uses[place].period <= period else { return }
        let before = uses[place].period == period ? uses[place].picoDollars : 0
        uses[place].period = period
        uses[place].picoDollars = before.addingReportingOverflow(cost).overflow ? .max : before + cost
    }
}

extension ModelPlane {
    /// Adds what the request cost to the budgets that paid for it; true when one did.
    mutating func pay(_ record: DecisionRecord) -> Bool {
        guard let day = record.localDay, let cost = record.cost?.picoDollars, cost > 0 else { return false }
        var isPaid = false
        if let name = record.key, let budget = budgets[.key]?[name] {
            spending.add(cost, to: .key, name, in: budget.span.period(of: day))
            isPaid = true
        }
        if let name = record.team, let budget = budgets[.team]?[name] {
            spending.add(cost, to: .team, name, in: budget.span.period(of: day))
            isPaid = true
        }
        return isPaid
    }

    /// By kind and name.
    var budgetsByName: [LoadSubject.Kind: [String: SpendingLimit]] {
        let keys = servedKeys.compactMap { key in key.limits?.budget.map { (key.name, $0) } }
        let teams = (limitedTeams ?? []).compactMap { team in team.limits.budget.map { (team.name, $0) } }
        return [
            .key: Dictionary(keys) { first, _ in first },
            .team: Dictionary(teams) { first, _ in first },
        ]
    }
}
