/// How many requests of the last rounds stayed without an answer.

/// Loss over a sliding window of rounds.
package struct LossWindow: Hashable, Sendable, Codable {
    /// Rounds looked back at: enough to see one lost in thirty; at one a second, an outage is forgotten in half a minute.
    package static let rounds = 32

    /// Requests of the rounds in the window.
    package private(set) var sent = 0
    /// Those of them that stayed without an answer.
    package private(set) var lost = 0
    private var history: [Entry] = []
    private var oldest = 0

    private struct Entry: Hashable, Sendable, Codable {
        let sent: Int
        let lost: Int
    }

    package init() {}

    package mutating func add(sent: Int, lost: Int) {
        if history.count < Self.rounds {
            history.append(Entry(sent: sent, lost: lost))
        } else {
            self.sent -= history[oldest].sent
            self.lost -= history[oldest].lost
            history[oldest] = Entry(sent: sent, lost: lost)
            oldest = (oldest + 1) % Self.rounds
        }
        self.sent += sent
        self.lost += lost
    }
}
