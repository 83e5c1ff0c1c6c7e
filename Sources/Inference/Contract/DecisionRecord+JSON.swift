/// The report of a decision as JSON, written by hand: there is one for each request, and the standard encoder costs more than
/// the request itself. The keys are those of the synthesised coding, so that any decoder reads it; a test holds them together.
import NetTypes
import Wire

extension DecisionRecord {
    /// `GatewayReport.decision` with this record.
    package func reportJSON() -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.key(plain: "decision")
        writer.beginObject()
        writer.key(plain: "_0")
        write(to: &writer)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("id", id)
        writer.field("startedAt", startedAt.nanoseconds)
        writer.field("startedUnix", startedUnix)
        writer.field("duration", duration)
        writer.field("key", key)
        writer.field("team", team)
        writer.field("requestedModel", requestedModel)
        writer.field("policy", policy)
        writer.field("arm", arm)
        writer.field("group", group)
        writer.field("affinity", affinity?.rawValue)
        writer.field("isStreamed", isStreamed)
        writer.field("operation", operation?.rawValue)
        writer.field("draw", draw)
        writer.field("generation", generation)
        writer.list("candidates", candidates) { $0.write(to: &$1) }
        writer.list("attempts", attempts) { $0.write(to: &$1) }
        writer.key(plain: "usage")
        usage.write(to: &writer)
        if let cost {
            writer.key(plain: "cost")
            cost.write(to: &writer)
        }
        writer.field("outcome", outcome.rawValue)
        writer.field("status", status)
        writer.field("errorCode", errorCode)
        writer.field("bytesToClient", bytesToClient)
        writer.field("localDay", localDay)
        writer.field("headAfter", headAfter)
        writer.field("contentAfter", contentAfter)
        writer.endObject()
    }
}

extension CandidateRow {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("member", member)
        writer.field("path", path)
        writer.field("mark", mark)
        writer.field("weight", UInt64(weight))
        writer.field("reason", reason)
        writer.field("cause", cause)
        writer.field("headroom", headroom.map(UInt64.init))
        writer.endObject()
    }
}

extension AttemptRow {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("member", member)
        writer.field("path", path)
        writer.field("mark", mark)
        writer.field("upstreamModel", upstreamModel)
        writer.field("endpoint", endpoint)
        writer.field("reusedConnection", reusedConnection)
        writer.field("startedAfter", startedAfter)
        writer.field("failure", failure?.rawValue)
        writer.field("detail", detail)
        writer.field("status", status)
        writer.field("connect", connect)
        writer.field("head", head)
        writer.field("firstToken", firstToken)
        writer.field("total", total)
        writer.field("bytesSent", bytesSent)
        writer.field("bytesReceived", bytesReceived)
        if let headroom {
            writer.key(plain: "headroom")
            headroom.write(to: &writer)
        }
        writer.endObject()
    }
}

extension Headroom {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("percent", UInt64(percent))
        writer.field("reset", reset)
        writer.endObject()
    }
}

extension CostRow {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("provider", provider)
        writer.field("picoDollars", picoDollars)
        writer.field("text", text)
        writer.field("isUsageEstimated", isUsageEstimated)
        writer.field("isPriceCeiling", isPriceCeiling)
        writer.field("prices", prices)
        writer.field("input", input)
        writer.field("output", output)
        writer.endObject()
    }
}

extension UsageRow {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("input", input)
        writer.field("cachedInput", cachedInput)
        writer.field("cacheWrite", cacheWrite)
        writer.field("output", output)
        writer.field("reasoning", reasoning)
        writer.endObject()
    }
}

/// Members that are there, and left out when they are nil.
extension JSONWriter {
    fileprivate mutating func field(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        key(plain: name)
        string(text)
    }

    fileprivate mutating func field(_ name: StaticString, _ number: UInt64?) {
        guard let number else { return }
        key(plain: name)
        integer(number)
    }

    fileprivate mutating func field(_ name: StaticString, _ number: Int?) {
        guard let number else { return }
        key(plain: name)
        whole(number)
    }

    fileprivate mutating func field(_ name: StaticString, _ flag: Bool) {
        key(plain: name)
        bool(flag)
    }

    fileprivate mutating func field(_ name: StaticString, _ span: Span?) {
        guard let span else { return }
        key(plain: name)
        whole(Int(clamping: span.nanoseconds))
    }

    private mutating func whole(_ value: Int) {
        if value < 0 { number(String(value)) } else { integer(UInt64(value)) }
    }

    /// As the synthesised coding has it: a structure with one member.
    fileprivate mutating func field(_ name: StaticString, _ mark: Mark?) {
        guard let mark else { return }
        key(plain: name)
        beginObject()
        field("value", UInt64(mark.value))
        endObject()
    }

    fileprivate mutating func list<Row>(_ name: StaticString, _ rows: [Row], _ write: (Row, inout JSONWriter) -> Void) {
        key(plain: name)
        beginArray()
        for row in rows { write(row, &self) }
        endArray()
    }
}
