/// What a key that is made at run time may be, checked as the file's keys are.
import ConfigSyntax
import Control
import Inference
import NetTypes
import PolicyEngine
import Runtime

struct KeyTerms {
    let router: Router
    /// Microseconds since 1970.
    let now: UInt64

    /// Takes over what was wished. Throws all that is wrong with it.
    func fill(_ key: inout StoredKey, _ wish: KeyWish) throws(ErrorReply) {
        guard let models = router.models else {
            throw ErrorReply(errors: ["this router has no model plane"], hint: "add models: to the configuration")
        }
        var errors: [String] = []
        var hint: String?
        if !BlockReader.isName(wish.name) {
            errors.append("'\(wish.name)' is no name")
            hint = BlockReader.nameRule
        }
        if models.declaresKey(wish.name) { errors.append("the configuration declares a key '\(wish.name)' already") }
        key.team = wish.team
        check(team: wish.team, models, &errors, &hint)
        key.tags = wish.tags ?? []
        for tag in key.tags where !BlockReader.isName(tag) {
            errors.append("'\(tag)' is no name for a tag")
            hint = BlockReader.nameRule
        }
        key.models = wish.models
        check(scope: wish.models, models, &errors, &hint)
        do { key.expires = try wish.expires.map(expiry) } catch { errors.append(error.words) }
        key.limits = limits(wish, &errors)
        if !errors.isEmpty { throw ErrorReply(errors: errors, hint: hint) }
    }

    private func check(team: String?, _ models: ModelPlane, _ errors: inout [String], _ hint: inout String?) {
        guard let team else { return }
        let known = models.configuration.teams.map(\.name.value)
        if known.isEmpty {
            if !BlockReader.isName(team) { errors.append("'\(team)' is no name for a team") }
        } else if !known.contains(team) {
            errors.append("no team in 'models.teams' is named '\(team)'")
            hint = NearestName.hint(for: team, among: known)
        }
    }

    private func check(scope: [String]?, _ models: ModelPlane, _ errors: inout [String], _ hint: inout String?) {
        guard let scope else { return }
        if scope.isEmpty { errors.append("a key for no model can do nothing") }
        for name in scope where models.groups.group(named: name) == nil && models.groups.member(named: name) == nil {
            errors.append("no group or member of the model plane is named '\(name)'")
            hint = NearestName.hint(for: name, among: models.groups.groups.map(\.definition.name.value))
        }
    }

    /// As `limits` of a declared key.
    private func limits(_ wish: KeyWish, _ errors: inout [String]) -> LoadLimits? {
        var limits = LoadLimits()
        limits.requests = pace(wish.requests, .requests, &errors)
        limits.tokens = pace(wish.tokens, .tokens, &errors)
        limits.streams = wish.streams.map { UInt64(clamping: $0) }
        if let streams = wish.streams, !(1...RateLimits.mostStreams).contains(streams) {
            errors.append("the streams must lie between 1 and \(RateLimits.mostStreams)")
        }
        if let text = wish.budget {
            limits.budget = SpendingLimit.parse(text)
            if limits.budget == nil { errors.append("'\(text)' is no budget such as '20 USD/day' or '500 USD/month'") }
        }
        return limits.isEmpty ? nil : limits
    }

    private func pace(_ text: String?, _ unit: Count.Unit, _ errors: inout [String]) -> Pace? {
        guard let text else { return nil }
        guard let rate = try? Rate.parse(text), rate.amount.value >= 1, rate.amount.unit ?? unit == unit else {
            errors.append("'\(text)' is no rate of \(unit == .tokens ? "tokens" : "requests") such as 20/s")
            return nil
        }
        return Pace(rate)
    }

    /// A date, or a time from now.
    private func expiry(_ text: String) throws(WrongExpiry) -> UInt64 {
        let seconds = now / 1_000_000
        if let span = try? Span.parse(text) {
            guard span > .zero else { throw WrongExpiry(words: "'\(text)' is over already") }
            return seconds + UInt64(span.nanoseconds / 1_000_000_000)
        }
        guard let moment = try? KeyExpiry.parse(text) else {
            throw WrongExpiry(words: "'\(text)' is neither a time such as 90d nor \(KeyExpiry.expectation)")
        }
        guard moment.unixSeconds > seconds else { throw WrongExpiry(words: "'\(text)' is past") }
        return moment.unixSeconds
    }

    private struct WrongExpiry: Error {
        let words: String
    }
}
