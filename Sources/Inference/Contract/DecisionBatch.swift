/// How do records travel from the gateway to the daemon? Many in one frame, as bytes in a fixed order: there is a record for each
/// request, and in JSON it costs both ends more than the request itself. Both are of one build (docs/decisions/0003), so that the form
/// needs no version; nobody keeps it.
import NetTypes

/// Records on their way.
package struct DecisionBatch: Sendable {
    /// How such a frame begins. No JSON text begins so (RFC 8259 §2), which the other frames are.
    private static let mark: UInt8 = 1

    /// The frame as far as it has come.
    package private(set) var bytes: [UInt8] = [mark]
    package private(set) var count = 0

    /// An empty batch.
    package init() {}

    /// Puts a record behind the others.
    package mutating func append(_ record: DecisionRecord) {
        if count == 0 { bytes.reserveCapacity(1024) }
        bytes.add(record)
        count += 1
    }

    /// The records of a frame; nil when it is a frame of another kind. A record that cannot be read ends them: what stands behind it
    /// cannot be found.
    package static func records(in frame: ArraySlice<UInt8>) -> [DecisionRecord]? {
        guard frame.first == mark else { return nil }
        var reader = RecordReader(frame.dropFirst())
        var records: [DecisionRecord] = []
        while !reader.isAtEnd, let record = reader.record() { records.append(record) }
        return records
    }
}

// MARK: - Writing

/// Numbers in seven bits a byte, the lowest first; texts and lists behind their count; a byte before what may be missing.
extension [UInt8] {
    fileprivate mutating func add(_ record: DecisionRecord) {
        add(record.id)
        add(record.startedAt.nanoseconds)
        add(record.startedUnix)
        add(record.duration)
        add(record.key) { $0.add($1) }
        add(record.team) { $0.add($1) }
        add(record.requestedModel) { $0.add($1) }
        add(record.policy) { $0.add($1) }
        add(record.arm) { $0.add($1) }
        add(record.group) { $0.add($1) }
        add(record.affinity) { $0.add($1.rawValue) }
        add(record.isStreamed)
        add(record.operation) { $0.add($1.rawValue) }
        add(record.draw)
        add(record.generation)
        add(rows: record.candidates) { $0.add($1) }
        add(rows: record.attempts) { $0.add($1) }
        add(record.usage)
        add(record.cost) { $0.add($1) }
        add(record.outcome.rawValue)
        add(record.status) { $0.add(UInt64(clamping: $1)) }
        add(record.errorCode) { $0.add($1) }
        add(record.bytesToClient)
        add(record.localDay) { $0.add(UInt64(clamping: $1)) }
        add(record.headAfter) { $0.add($1) }
        add(record.contentAfter) { $0.add($1) }
        add(record.notCarried) { $0.add(rows: $1) { $0.add($1) } }
        add(record.notTold) { $0.add(rows: $1) { $0.add($1) } }
    }

    private mutating func add(_ row: CandidateRow) {
        add(row.member)
        add(row.path) { $0.add($1) }
        add(row.mark) { $0.add(UInt64($1.value)) }
        add(UInt64(row.weight))
        add(row.reason)
        add(row.cause) { $0.add($1) }
        add(row.headroom) { $0.add(UInt64($1)) }
    }

    private mutating func add(_ row: AttemptRow) {
        add(row.member)
        add(row.path) { $0.add($1) }
        add(row.mark) { $0.add(UInt64($1.value)) }
        add(row.upstreamModel)
        add(row.endpoint)
        add(row.reusedConnection)
        add(row.startedAfter)
        add(row.failure) { $0.add($1.rawValue) }
        add(row.detail) { $0.add($1) }
        add(row.status) { $0.add(UInt64(clamping: $1)) }
        add(row.connect) { $0.add($1) }
        add(row.head) { $0.add($1) }
        add(row.firstToken) { $0.add($1) }
        add(row.total) { $0.add($1) }
        add(row.bytesSent)
        add(row.bytesReceived)
        add(row.headroom) {
            $0.add(UInt64($1.percent))
            $0.add($1.reset)
        }
    }

    private mutating func add(_ row: UsageRow) {
        add(row.input) { $0.add($1) }
        add(row.cachedInput) { $0.add($1) }
        add(row.cacheWrite) { $0.add($1) }
        add(row.output) { $0.add($1) }
        add(row.reasoning) { $0.add($1) }
    }

    private mutating func add(_ row: CostRow) {
        add(row.provider)
        add(row.picoDollars) { $0.add($1) }
        add(row.text) { $0.add($1) }
        add(row.isUsageEstimated)
        add(row.isPriceCeiling)
        add(row.prices) { $0.add($1) }
        add(row.input)
        add(row.output)
        add(row.units) {
            $0.add($1.images)
            $0.add($1.milliseconds)
            $0.add($1.characters)
        }
    }

    private mutating func add(_ number: UInt64) {
        var rest = number
        while rest > 0x7F {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func add(_ flag: Bool) { append(flag ? 1 : 0) }

    private mutating func add(_ span: Span) { add(UInt64(bitPattern: span.nanoseconds)) }

    private mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    private mutating func add<Value>(_ value: Value?, _ write: (inout Self, Value) -> Void) {
        add(value != nil)
        if let value { write(&self, value) }
    }

    private mutating func add<Row>(rows: [Row], _ write: (inout Self, Row) -> Void) {
        add(UInt64(rows.count))
        for row in rows { write(&self, row) }
    }
}

// MARK: - Reading

/// Takes what was written above, in the same order. Once something is missing all that follows is empty, and the record is none.
private struct RecordReader {
    private let bytes: ArraySlice<UInt8>
    private var place: Int
    private var isBroken = false

    init(_ bytes: ArraySlice<UInt8>) { (self.bytes, place) = (bytes, bytes.startIndex) }

    var isAtEnd: Bool { isBroken || place >= bytes.endIndex }

    mutating func record() -> DecisionRecord? {
        let record = DecisionRecord(
            id: text(),
            startedAt: Instant(nanoseconds: number()),
            startedUnix: number(),
            duration: span(),
            key: optional { $0.text() },
            team: optional { $0.text() },
            requestedModel: optional { $0.text() },
            policy: optional { $0.text() },
            arm: optional { $0.text() },
            group: optional { $0.text() },
            affinity: optional { $0.named(AffinityVerdict.movedForPrice) },
            isStreamed: flag(),
            operation: optional { $0.named(ModelOperation.chat) },
            draw: number(),
            generation: number(),
            candidates: rows { $0.candidate() },
            attempts: rows { $0.attempt() },
            usage: usage(),
            cost: optional { $0.cost() },
            outcome: named(.failed),
            status: optional { $0.count() },
            errorCode: optional { $0.text() },
            bytesToClient: number(),
            localDay: optional { $0.count() },
            headAfter: optional { $0.span() },
            contentAfter: optional { $0.span() },
            notCarried: optional { $0.rows { $0.text() } },
            notTold: optional { $0.rows { $0.text() } }
        )
        return isBroken ? nil : record
    }

    private mutating func candidate() -> CandidateRow {
        CandidateRow(
            member: text(),
            path: optional { $0.text() },
            mark: optional { $0.mark() },
            weight: UInt32(truncatingIfNeeded: number()),
            reason: text(),
            cause: optional { $0.text() },
            headroom: optional { UInt32(truncatingIfNeeded: $0.number()) }
        )
    }

    private mutating func attempt() -> AttemptRow {
        AttemptRow(
            member: text(),
            path: optional { $0.text() },
            mark: optional { $0.mark() },
            upstreamModel: text(),
            endpoint: text(),
            reusedConnection: flag(),
            startedAfter: span(),
            failure: optional { $0.named(FailureClass.reset) },
            detail: optional { $0.text() },
            status: optional { $0.count() },
            connect: optional { $0.span() },
            head: optional { $0.span() },
            firstToken: optional { $0.span() },
            total: optional { $0.span() },
            bytesSent: number(),
            bytesReceived: number(),
            headroom: optional { Headroom(percent: UInt32(truncatingIfNeeded: $0.number()), reset: $0.span()) }
        )
    }

    private mutating func usage() -> UsageRow {
        UsageRow(
            input: optional { $0.number() },
            cachedInput: optional { $0.number() },
            cacheWrite: optional { $0.number() },
            output: optional { $0.number() },
            reasoning: optional { $0.number() }
        )
    }

    private mutating func cost() -> CostRow {
        let (provider, picoDollars, text) = (text(), optional { $0.number() }, optional { $0.text() })
        var row = CostRow(
            provider: provider,
            picoDollars: picoDollars,
            isUsageEstimated: flag(),
            isPriceCeiling: flag(),
            prices: optional { $0.text() },
            input: number(),
            output: number()
        )
        row.text = text
        row.units = optional { MediaUnits(images: $0.number(), milliseconds: $0.number(), characters: $0.number()) }
        return row
    }

    private mutating func byte() -> UInt8 {
        guard place < bytes.endIndex else {
            isBroken = true
            return 0
        }
        defer { place += 1 }
        return bytes[place]
    }

    private mutating func number() -> UInt64 {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = byte()
            number |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return number }
        }
        isBroken = true
        return 0
    }

    private mutating func count() -> Int { Int(clamping: number()) }

    private mutating func flag() -> Bool { byte() != 0 }

    private mutating func span() -> Span { Span(nanoseconds: Int64(bitPattern: number())) }

    private mutating func mark() -> Mark { Mark(UInt32(truncatingIfNeeded: number())) }

    private mutating func text() -> String {
        let count = count()
        guard count <= bytes.endIndex - place else {
            isBroken = true
            return ""
        }
        defer { place += count }
        return String(decoding: bytes[place..<place + count], as: UTF8.self)
    }

    private mutating func optional<Value>(_ read: (inout Self) -> Value) -> Value? { flag() ? read(&self) : nil }

    /// A row takes a byte at least: a count beyond what is there is none.
    private mutating func rows<Row>(_ read: (inout Self) -> Row) -> [Row] {
        let count = count()
        guard count <= bytes.endIndex - place else {
            isBroken = true
            return []
        }
        var rows: [Row] = []
        // A row takes a hundred times the room of its shortest form.
        rows.reserveCapacity(Swift.min(count, 64))
        while rows.count < count, !isBroken { rows.append(read(&self)) }
        return rows
    }

    /// A value by its name; `standIn` where there is none of that name, which ends the reading.
    private mutating func named<Value: RawRepresentable<String>>(_ standIn: Value) -> Value {
        guard let value = Value(rawValue: text()) else {
            isBroken = true
            return standIn
        }
        return value
    }
}
