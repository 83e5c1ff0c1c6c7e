import LabText

/// Which packets of a stream were lost, and for how long was there no way through?
struct StreamRecord {
    var began = Moment(nanoseconds: 0)
    /// When packet n left.
    private(set) var sent: [Moment] = []
    /// When the reply to packet n came back.
    private var received: [Moment?] = []
    private var answered = 0
    private var duplicates = 0
    private var strangers = 0

    /// Gaps listed in a report, the longest first: a lossy stream may have thousands.
    private static let mostGapsListed = 32

    var isMissingReplies: Bool { answered < sent.count }

    mutating func noteSending(at moment: Moment) {
        sent.append(moment)
        received.append(nil)
    }

    mutating func noteReceiving(_ sequence: UInt64, at moment: Moment) {
        guard sequence < UInt64(sent.count) else {
            strangers += 1
            return
        }
        let index = Int(sequence)
        guard received[index] == nil else {
            duplicates += 1
            return
        }
        received[index] = moment
        answered += 1
    }

    /// A run of packets, one after the other, that were never answered.
    private struct Gap {
        var first: Int
        var count: Int
        /// When the first lost packet left.
        var from: Moment
        /// When the next answered packet left; when the last packet left if none was answered any more.
        var to: Moment
        var isOpen: Bool
        var milliseconds: Double { to.milliseconds(since: from) }

        var json: JSON {
            [
                "first": .integer(first), "lost": .integer(count), "from_ns": .integer(from.nanoseconds),
                "to_ns": .integer(to.nanoseconds), "ms": .number(milliseconds), "open": .bool(isOpen),
            ]
        }
    }

    private var gaps: [Gap] {
        var found: [Gap] = []
        var start: Int?
        for index in sent.indices {
            if received[index] == nil {
                start = start ?? index
            } else if let first = start {
                found.append(gap(from: first, to: index, isOpen: false))
                start = nil
            }
        }
        if let first = start { found.append(gap(from: first, to: sent.count, isOpen: true)) }
        return found
    }

    private func gap(from first: Int, to next: Int, isOpen: Bool) -> Gap {
        Gap(first: first, count: next - first, from: sent[first], to: sent[isOpen ? next - 1 : next], isOpen: isOpen)
    }

    /// The stream's result as one line.
    func report(rate: Int, flows: Int) -> JSON {
        let gaps = self.gaps.sorted { $0.milliseconds > $1.milliseconds }
        let trips = zip(sent, received).compactMap { left, back in back.map { $0.milliseconds(since: left) } }.sorted()
        return [
            "event": "end", "rate": .integer(rate), "flows": .integer(flows), "sent": .integer(sent.count),
            "received": .integer(answered), "lost": .integer(sent.count - answered),
            "duplicates": .integer(duplicates), "strangers": .integer(strangers),
            "began_ns": .integer(began.nanoseconds),
            "ended_ns": .integer((sent.last ?? began).nanoseconds),
            "gap_count": .integer(gaps.count),
            "longest_gap_ms": .number(gaps.first?.milliseconds ?? 0),
            "gaps": .array(gaps.prefix(StreamRecord.mostGapsListed).map(\.json)),
            "round_trip_ms": [
                "least": .number(trips.first ?? 0), "median": .number(quantile(trips, 50)),
                "p99": .number(quantile(trips, 99)), "most": .number(trips.last ?? 0),
            ],
        ]
    }

    private func quantile(_ sorted: [Double], _ percent: Int) -> Double {
        sorted.isEmpty ? 0 : sorted[(sorted.count - 1) * percent / 100]
    }
}
