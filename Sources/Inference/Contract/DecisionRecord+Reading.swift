/// Reads what `reportJSON` wrote: there is one for each request, and the standard decoder costs the daemon more than the request costs
/// the gateway. Members come in the order in which they are written. Whatever is otherwise is left to the decoder.
import NetTypes
import Wire

extension DecisionRecord {
    /// Nil: this is no report of a decision, or not as `reportJSON` writes it.
    package init?(reportJSON bytes: [UInt8]) {
        guard bytes.starts(with: "{\"decision\":".utf8), let document = try? JSONDocument(bytes, limits: .answer) else {
            return nil
        }
        var report = WrittenMembers(document.root)
        var decision = WrittenMembers(report.take("decision"))
        var record = WrittenMembers(decision.take("_0"))
        self.init(&record)
        guard record.isWhole, decision.isWhole, report.isWhole else { return nil }
    }

    private init(_ members: inout WrittenMembers) {
        self.init(
            id: members.needed(members.text("id"), or: ""),
            startedAt: Instant(nanoseconds: members.needed(members.count("startedAt"), or: 0)),
            startedUnix: members.needed(members.count("startedUnix"), or: 0),
            duration: members.needed(members.span("duration"), or: .zero),
            key: members.text("key"),
            team: members.text("team"),
            requestedModel: members.text("requestedModel"),
            policy: members.text("policy"),
            arm: members.text("arm"),
            group: members.text("group"),
            affinity: members.word("affinity"),
            isStreamed: members.flag("isStreamed"),
            operation: members.word("operation"),
            draw: members.needed(members.count("draw"), or: 0),
            generation: members.needed(members.count("generation"), or: 0),
            candidates: members.rows("candidates", CandidateRow.init),
            attempts: members.rows("attempts", AttemptRow.init),
            usage: members.needed(members.row("usage", UsageRow.init), or: UsageRow()),
            cost: members.row("cost", CostRow.init),
            outcome: members.needed(members.word("outcome"), or: .failed),
            status: members.whole("status").map(Int.init),
            errorCode: members.text("errorCode"),
            bytesToClient: members.needed(members.count("bytesToClient"), or: 0),
            localDay: members.whole("localDay").map(Int.init),
            headAfter: members.span("headAfter"),
            contentAfter: members.span("contentAfter")
        )
    }
}

extension CandidateRow {
    fileprivate init(_ members: inout WrittenMembers) {
        self.init(
            member: members.needed(members.text("member"), or: ""),
            path: members.text("path"),
            mark: members.mark("mark"),
            weight: UInt32(clamping: members.needed(members.count("weight"), or: 0)),
            reason: members.needed(members.text("reason"), or: ""),
            cause: members.text("cause"),
            headroom: members.count("headroom").map { UInt32(clamping: $0) }
        )
    }
}

extension AttemptRow {
    fileprivate init(_ members: inout WrittenMembers) {
        self.init(
            member: members.needed(members.text("member"), or: ""),
            path: members.text("path"),
            mark: members.mark("mark"),
            upstreamModel: members.needed(members.text("upstreamModel"), or: ""),
            endpoint: members.needed(members.text("endpoint"), or: ""),
            reusedConnection: members.flag("reusedConnection"),
            startedAfter: members.needed(members.span("startedAfter"), or: .zero),
            failure: members.word("failure"),
            detail: members.text("detail"),
            status: members.whole("status").map(Int.init),
            connect: members.span("connect"),
            head: members.span("head"),
            firstToken: members.span("firstToken"),
            total: members.span("total"),
            bytesSent: members.needed(members.count("bytesSent"), or: 0),
            bytesReceived: members.needed(members.count("bytesReceived"), or: 0),
            headroom: members.row("headroom", Headroom.init)
        )
    }
}

extension Headroom {
    fileprivate init(_ members: inout WrittenMembers) {
        self.init(
            percent: UInt32(clamping: members.needed(members.count("percent"), or: 0)),
            reset: members.needed(members.span("reset"), or: .zero)
        )
    }
}

extension CostRow {
    fileprivate init(_ members: inout WrittenMembers) {
        let provider = members.needed(members.text("provider"), or: "")
        let picoDollars = members.count("picoDollars")
        let text = members.text("text")
        self.init(
            provider: provider,
            picoDollars: picoDollars,
            isUsageEstimated: members.flag("isUsageEstimated"),
            isPriceCeiling: members.flag("isPriceCeiling"),
            prices: members.text("prices"),
            input: members.needed(members.count("input"), or: 0),
            output: members.needed(members.count("output"), or: 0)
        )
        self.text = text
    }
}

extension UsageRow {
    fileprivate init(_ members: inout WrittenMembers) {
        self.init(
            input: members.count("input"),
            cachedInput: members.count("cachedInput"),
            cacheWrite: members.count("cacheWrite"),
            output: members.count("output"),
            reasoning: members.count("reasoning")
        )
    }
}

/// The members of an object, taken in the order in which they were written; those that are not there are passed over.
private struct WrittenMembers {
    private var rest: JSONView.Members?
    private var next: JSONView.Member?
    private var isWrong: Bool

    init(_ object: JSONView?) {
        rest = object?.members
        isWrong = object?.kind != .object
        next = rest?.next()
    }

    /// Whether every member was taken, and was what it had to be.
    var isWhole: Bool { !isWrong && next == nil }

    /// The value of this name, if it comes now.
    mutating func take(_ name: String) -> JSONView? {
        guard let member = next, member.spells(name) else { return nil }
        next = rest?.next()
        return member.value
    }

    /// What has to be there.
    mutating func needed<Value>(_ value: Value?, or other: Value) -> Value {
        if value == nil { isWrong = true }
        return value ?? other
    }

    private mutating func take<Value>(_ name: String, _ read: (JSONView) -> Value?) -> Value? {
        guard let view = take(name) else { return nil }
        let value = read(view)
        if value == nil { isWrong = true }
        return value
    }

    mutating func text(_ name: String) -> String? { take(name) { $0.string } }
    mutating func count(_ name: String) -> UInt64? { take(name) { $0.unsigned } }
    mutating func whole(_ name: String) -> Int64? {
        take(name) { view in view.unsigned.flatMap { Int64(exactly: $0) } ?? view.number.flatMap { Int64($0) } }
    }
    mutating func span(_ name: String) -> Span? { whole(name).map { Span(nanoseconds: $0) } }
    mutating func flag(_ name: String) -> Bool { needed(take(name) { $0.bool }, or: false) }
    mutating func word<Word: RawRepresentable<String>>(_ name: String) -> Word? {
        take(name) { view in view.string.flatMap { Word(rawValue: $0) } }
    }

    mutating func mark(_ name: String) -> Mark? {
        row(name) { members in Mark(UInt32(clamping: members.needed(members.count("value"), or: 0))) }
    }

    mutating func row<Row>(_ name: String, _ read: (inout WrittenMembers) -> Row) -> Row? {
        take(name) { view in Self.row(view, read) }
    }

    mutating func rows<Row>(_ name: String, _ read: (inout WrittenMembers) -> Row) -> [Row] {
        let rows = take(name) { view -> [Row]? in
            guard view.kind == .array else { return nil }
            var rows: [Row] = []
            for element in view.elements {
                guard let row = Self.row(element, read) else { return nil }
                rows.append(row)
            }
            return rows
        }
        return needed(rows, or: [])
    }

    private static func row<Row>(_ view: JSONView, _ read: (inout WrittenMembers) -> Row) -> Row? {
        var members = WrittenMembers(view)
        let row = read(&members)
        return members.isWhole ? row : nil
    }
}
