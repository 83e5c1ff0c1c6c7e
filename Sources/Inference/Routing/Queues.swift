/// Whose server has enough to do? A member with `queue-at-most` is passed over while its server has as many requests as that: those that we
/// have under way there, and others' by the server's own last word. It is a preference: when nobody else is left, one more waits there.
package import PolicyEngine
import Synchronization

/// What others than we have asked of one provider's server. Outlives snapshots.
package final class ServerLoad: Sendable {
    private let others = Atomic<Int>(0)
    /// Rounds in a row that told nothing.
    private let silences = Atomic<Int>(0)
    /// A server that is too busy to tell is not idle: what it told last is believed for so many rounds.
    private static let believedRounds = 3

    package init() {}

    /// Requests of others, when the server was last read.
    var ofOthers: Int { others.load(ordering: .relaxed) }

    /// The server has told how many requests it has.
    /// - Parameters:
    ///   - queue: nil: it does not tell, and only ours are known.
    ///   - own: of these, ours.
    package func heard(_ queue: Int?, own: Int) {
        let silent = queue == nil ? min(silences.load(ordering: .relaxed) + 1, Self.believedRounds) : 0
        silences.store(silent, ordering: .relaxed)
        guard let queue else {
            if silent == Self.believedRounds { others.store(0, ordering: .relaxed) }
            return
        }
        others.store(max(0, queue - own), ordering: .relaxed)
    }
}

/// One member's bound.
struct QueueBound: Sendable {
    /// Of the member in its group; below 64.
    let place: Int
    let most: Int
    /// Of its provider.
    let provider: Int
    /// All members of the provider, whose requests are in the same queue.
    let sharers: [Int]
}

extension GatewaySnapshot {
    /// Of the members of a group; mostly nobody has any.
    func queueBounds(of group: GroupID) -> [QueueBound] {
        models[group].members.prefix(UInt64.bitWidth).enumerated().compactMap { place, member in
            let deployment = deployments[member.index]
            guard let most = deployment.queueAtMost else { return nil }
            return QueueBound(
                place: place,
                most: Int(most),
                provider: deployment.provider,
                sharers: deployments.indices.filter { deployments[$0].provider == deployment.provider }
            )
        }
    }
}

extension RoutingView {
    /// Whose queues are too long for one more, a bit for each member by its place in the group.
    func full(_ offer: Offer) -> UInt64 {
        offer.queues.reduce(0) { full, bound in
            let own = bound.sharers.reduce(0) { $0 + loads[$1].outstanding }
            return own + servers[bound.provider].ofOthers >= bound.most ? full | 1 << UInt64(bound.place) : full
        }
    }

    /// Requests that we have under way at a provider.
    package func outstanding(at provider: Int) -> Int {
        zip(snapshot.deployments, loads).reduce(0) { $1.0.provider == provider ? $0 + $1.1.outstanding : $0 }
    }
}

extension RoutingView {
    /// What a round of probes says of a server's queue, from now on. Whoever tells nothing for long has only our requests.
    package func heard(_ outcomes: [ProbeOutcome], fromProvider name: String) {
        guard let index = snapshot.providers.firstIndex(where: { $0.name == name }) else { return }
        let queue = outcomes.lazy.compactMap(\.reading).first?.queue
        servers[index].heard(queue, own: outstanding(at: index))
    }
}

extension GatewaySnapshot {
    /// What the server of a provider is asked in a round; nil: nothing.
    package func inspection(ofProvider index: Int, memo: ServerMemo) -> ServerInspection? {
        let wanted = deployments.filter { $0.provider == index && !$0.model.isEmpty }.map(\.model)
        return providers[index].inspection(wanted: wanted, memo: memo)
    }
}

extension Cause {
    /// Its server has as many requests as it may have.
    package static let queue = Cause("queue")
}
