/// Reads what `reportJSON` wrote: there is one for each request, and the standard decoder costs the daemon more than the request costs
/// the gateway. Each byte is looked at once. What is not as it is written there (other members, another order, text with an escape in
/// it) is left to the decoder.
import NetTypes

extension DecisionRecord {
    /// Nil: this is no report of a decision, or not one that can be read so.
    package init?(reportJSON bytes: [UInt8]) {
        var members = WrittenMembers(bytes)
        let record = members.object { report in
            report.row("decision") { decision in decision.row("_0") { DecisionRecord(&$0) } }
        }
        guard members.isWhole, case .some(.some(let record)) = record else { return nil }
        self = record
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

/// The members of objects, taken in the order in which they were written; those that are not there are passed over.
private struct WrittenMembers {
    private let bytes: [UInt8]
    private var place = 0
    private var isWrong = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether everything was taken, and was what it had to be.
    var isWhole: Bool { !isWrong && place == bytes.count }

    /// What has to be there.
    mutating func needed<Value>(_ value: Value?, or other: Value) -> Value {
        if value == nil { isWrong = true }
        return value ?? other
    }

    mutating func text(_ name: StaticString) -> String? { comes(name) ? string() : nil }
    mutating func count(_ name: StaticString) -> UInt64? { comes(name) ? digits() : nil }
    mutating func whole(_ name: StaticString) -> Int64? {
        guard comes(name) else { return nil }
        let isNegative = skip("-")
        let value = digits().flatMap { Int64(exactly: $0) }
        return needed(value.map { isNegative ? -$0 : $0 }, or: 0)
    }
    mutating func span(_ name: StaticString) -> Span? { whole(name).map { Span(nanoseconds: $0) } }
    mutating func word<Word: RawRepresentable<String>>(_ name: StaticString) -> Word? {
        guard let text = text(name) else { return nil }
        let word = Word(rawValue: text)
        if word == nil { isWrong = true }
        return word
    }
    mutating func flag(_ name: StaticString) -> Bool {
        guard comes(name) else { return needed(nil, or: false) }
        let isTrue = skip("true")
        if !isTrue { expect("false") }
        return isTrue
    }
    mutating func mark(_ name: StaticString) -> Mark? {
        row(name) { Mark(UInt32(clamping: $0.needed($0.count("value"), or: 0))) }
    }

    /// An object of this name.
    mutating func row<Row>(_ name: StaticString, _ read: (inout WrittenMembers) -> Row) -> Row? {
        comes(name) ? object(read) : nil
    }

    /// A list of objects, which has to be there.
    mutating func rows<Row>(_ name: StaticString, _ read: (inout WrittenMembers) -> Row) -> [Row] {
        guard comes(name) else { return needed(nil, or: []) }
        var rows: [Row] = []
        expect("[")
        while !isWrong, !skip("]") {
            if !rows.isEmpty { expect(",") }
            rows.append(object(read))
        }
        return rows
    }

    mutating func object<Row>(_ read: (inout WrittenMembers) -> Row) -> Row {
        expect("{")
        let row = read(&self)
        expect("}")
        return row
    }
}

// MARK: - Bytes

extension WrittenMembers {
    /// Steps over the key of this name, and the comma before it, if it comes now.
    private mutating func comes(_ name: StaticString) -> Bool {
        let before = place
        _ = skip(",")
        // Nearly every key that is another has another length.
        let end = place + 1 + name.utf8CodeUnitCount
        if end < bytes.count, bytes[end] == UInt8(ascii: "\""), skip("\""), skip(name), skip("\":") { return true }
        place = before
        return false
    }

    private mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard !isWrong, place + count <= bytes.count else { return false }
        let isSame = text.withUTF8Buffer { text in
            for index in 0..<count where bytes[place + index] != text[index] { return false }
            return true
        }
        if isSame { place += count }
        return isSame
    }

    private mutating func expect(_ text: StaticString) { if !skip(text) { isWrong = true } }

    private mutating func string() -> String? {
        expect("\"")
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\") { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        expect("\"")
        return isWrong ? nil : text
    }

    private mutating func digits() -> UInt64? {
        let start = place
        var value: UInt64 = 0
        while place < bytes.count, case let digit = bytes[place] &- UInt8(ascii: "0"), digit < 10 {
            let (tens, isOver) = value.multipliedReportingOverflow(by: 10)
            let (sum, isOverToo) = tens.addingReportingOverflow(UInt64(digit))
            if isOver || isOverToo { isWrong = true }
            value = sum
            place += 1
        }
        if place == start { isWrong = true }
        return isWrong ? nil : value
    }
}
