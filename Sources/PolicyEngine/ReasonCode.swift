/// The code of a share's reason, as it stands in records, metrics and JSON. Words for people are made where it is shown.
extension Share.Reason {
    /// A short name without particulars: `standby`, `down`.
    package var code: String {
        switch self {
        case .eligible: "eligible"
        case .behind: "behind"
        case .standby: "standby"
        case .keptLast: "kept-last"
        case .exploring: "exploring"
        case .lastResort: "last-resort"
        case .degraded: "degraded"
        case .overLimit(let bound): "over-\(bound.rawValue)-limit"
        case .heldDown: "held-down"
        case .damped: "damped"
        case .down: "down"
        case .absent: "absent"
        case .drained: "drained"
        case .adminDown: "admin-down"
        case .outOfScope: "out-of-scope"
        case .excluded: "excluded"
        }
    }

    /// The cause that the reason carries, if it does.
    package var cause: Cause? {
        switch self {
        case .absent(let cause), .excluded(let cause): cause
        case .eligible, .behind, .exploring, .standby, .keptLast, .lastResort, .degraded, .overLimit, .heldDown,
            .damped,
            .down, .drained, .adminDown, .outOfScope:
            nil
        }
    }
}
