/// An apply that met a refusal of the kernel is taken back, where the file says so (`on-failure: undo`).
import Control
import Runtime

extension Applier {
    /// Runs by the configuration before again. The way back is planned from what the kernel took: what was made last goes first, and what
    /// was removed comes back before anything that stands on it.
    ///
    /// Throws what was refused, and what became of the rest; returns when there is nothing to go back to, which is the first apply.
    func undo(_ reply: ApplyReply) throws(ErrorReply) {
        let past = history.history
        guard let previous = past.trial?.previous ?? past.previous else { return }
        let back = try goBack(to: previous)
        let what = reply.refused.map { "the kernel refused to \($0)" }
        let taken = "\(reply.accepted) of \(reply.changes) changes had been taken; configuration \(previous) runs again"
        guard back.refused.isEmpty else {
            throw ErrorReply(errors: what + back.refused.map { "and taking it back, to \($0)" }, hint: taken)
        }
        throw ErrorReply(errors: what, hint: taken)
    }

    private func goBack(to number: Int) throws(ErrorReply) -> ApplyReply {
        let what = "undo: the kernel refused a part"
        if let trial = history.history.trial { return try revert(trial, as: what, by: .daemon) }
        return try install(try texts(of: number), ConfirmTerms(.never), as: what, by: .daemon)
    }
}
