/// What the notes about long lists of routes say.
import Control
import Forwarding
import Logging

extension WatchLine {
    static func list(_ feed: String, _ prefixes: Int, _ duplicates: Int) -> WatchLine {
        let repeated = duplicates == 0 ? "" : ", \(duplicates) lines repeat another"
        return WatchLine(.notice, "list", "\(feed) holds \(prefixes) prefixes now\(repeated)", [("feed", feed)])
    }

    static func feedsEnded(
        _ ending: FeedOutcome.Ending,
        _ accepted: Int,
        _ refused: Int,
        _ first: [FeedRefusal]
    ) -> WatchLine {
        let taken = "the kernel took \(accepted) routes of lists"
        if refused == 0, ending == .complete { return WatchLine(.notice, "plan", taken) }
        if refused == 0, ending == .cancelled {
            return WatchLine(.notice, "plan", "\(taken), the rest is planned anew")
        }
        return WatchLine(.error, "refused", "\(taken); \(ending.words(refused))\(first.words)")
    }
}

extension FeedOutcome.Ending {
    /// What went wrong.
    func words(_ refused: Int) -> String {
        switch self {
        case .complete, .cancelled: "\(refused) were refused"
        case .hopeless: "\(refused) were refused, one behind the other, and the rest was not sent"
        case .unanswered: "an answer did not come, and they are read again"
        }
    }
}

extension [FeedRefusal] {
    /// The first of them.
    var words: String { first.map { ": \($0.prefix): \($0.refusal.sentence)" } ?? "" }
}
