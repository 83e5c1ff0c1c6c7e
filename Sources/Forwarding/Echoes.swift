/// Which reports about a next hop are echoes of what we asked for, and which are news?
///
/// The kernel notifies in the order in which it changes things. So what is reported before the echo of our change is older than
/// our change, whoever made it, and says nothing about what will stand there; only what comes after the echo does.
struct Echoes: Sendable {
    private struct Expected: Sendable {
        /// What the echo will say; nil: that the object is gone.
        let state: Nexthop?
        /// The kernel has taken the change: if the echo does not come now, it was lost.
        var isAnswered = false
    }

    private var expected: [NexthopID: [Expected]] = [:]

    /// A change is being sent that makes the object this.
    mutating func expect(_ state: Nexthop?, of id: NexthopID) {
        expected[id, default: []].append(Expected(state: state))
    }

    /// The kernel has taken the change.
    mutating func answered(_ state: Nexthop?, of id: NexthopID) {
        guard let position = expected[id]?.firstIndex(where: { $0.state == state && !$0.isAnswered }) else { return }
        expected[id]?[position].isAnswered = true
    }

    /// The kernel refused the change or never answered: there may be no echo.
    mutating func withdraw(_ state: Nexthop?, of id: NexthopID) {
        guard let position = expected[id]?.firstIndex(where: { $0.state == state && !$0.isAnswered }) else { return }
        expected[id]?.remove(at: position)
        if expected[id]?.isEmpty == true { expected[id] = nil }
    }

    /// Whether a report of this state is no news: an echo, or older than a change that has not been answered yet.
    mutating func cover(_ state: Nexthop?, of id: NexthopID) -> Bool {
        guard let list = expected[id] else { return false }
        if let position = list.firstIndex(where: { $0.state == state }) {
            let rest = Array(list[(position + 1)...])
            expected[id] = rest.isEmpty ? nil : rest
            return true
        }
        if list.contains(where: { !$0.isAnswered }) { return true }
        expected[id] = nil
        return false
    }

    /// A dump begins: it shows what was answered before.
    mutating func forgetAnswered() {
        for id in expected.keys.sorted() {
            let rest = expected[id]?.filter { !$0.isAnswered } ?? []
            expected[id] = rest.isEmpty ? nil : rest
        }
    }
}
