/// Who made what a request goes on from? A kept response can be read and continued by its provider alone, and a sealed thought opened by the
/// member that had it: such a request goes there.
package import PolicyEngine
import Wire

/// The member that made it.
struct Keeper: Sendable {
    let member: MemberID
    /// The response that is gone on from; nil: a thought was sealed, which can be left out when its member cannot serve.
    var previous: Responses.Named?
}

/// A response that a provider has kept for a key: where it is asked for, and how it is told.
package struct KeptResponse: Sendable {
    /// Index into `GatewaySnapshot.providers`.
    package let provider: Int
    /// Below the provider's address.
    package let path: String
    package let retelling: Responses.Retelling
}

extension RoutingView {
    /// Whether any provider may keep responses.
    package var keepsResponses: Bool { snapshot.providers.contains { $0.keepsResponses == true } }

    private func names(of member: MemberID, for key: String) -> Responses.Names {
        Responses.Names(seals[deployment(of: member).provider], member: memberHashes[member.index], key: key)
    }

    /// Members whose provider speaks the Responses API.
    private var speakers: [MemberID] {
        snapshot.models.members.map(\.id).filter { provider(of: $0).dialect == .responses }
    }

    /// How the answer of a member is told to the client of a key; nil: as it is.
    /// - Parameter named: the response that the request is about.
    func retelling(of member: MemberID, for key: String, _ named: Responses.Named?) -> Responses.Retelling? {
        let provider = provider(of: member)
        guard provider.dialect == .responses else { return nil }
        let names = names(of: member, for: key)
        return Responses.Retelling(names: names, keeps: provider.keepsResponses == true, named: named)
    }

    /// What a member's provider may keep of a request, and has kept.
    func keeping(of member: MemberID, for key: String, _ keeper: Keeper?) -> Responses.Keeping? {
        let provider = provider(of: member)
        guard provider.dialect == .responses else { return nil }
        return Responses.Keeping(
            isAllowed: provider.keepsResponses == true,
            names: names(of: member, for: key),
            previous: keeper?.previous?.own
        )
    }

    /// Who made the response that a client names, and the provider's own name of it; nil: nobody who is here now made it for this key.
    private func maker(of id: String, for key: String) -> (member: MemberID, id: String)? {
        for member in speakers where provider(of: member).keepsResponses == true {
            if let original = names(of: member, for: key).original(of: id) { return (member, original) }
        }
        return nil
    }

    /// Who made what the request goes on from; nil: it names nothing of the kind.
    /// - Throws: it names a response that is not there for this key.
    func keeper(of request: RequestView, for key: String) throws(RequestError) -> Keeper? {
        guard request.dialect == .responses else { return nil }
        if let previous = request.document["previous_response_id"], !previous.isNull {
            // What no provider may keep is refused by its field's name.
            guard keepsResponses else { return nil }
            guard let told = previous.string else { throw .wrongType("previous_response_id", wanted: "a string") }
            // Names that were not made here may be another client's.
            guard let (member, own) = maker(of: told, for: key) else { throw .noSuchResponse(told) }
            return Keeper(member: member, previous: Responses.Named(own: own, told: told))
        }
        guard let sealed = Responses.lastSealed(request.messages) else { return nil }
        let maker = speakers.first { names(of: $0, for: key).original(ofThought: sealed) != nil }
        return maker.map { Keeper(member: $0) }
    }

    /// Who of an offer's members may be asked then: the maker; of others those of its provider, where that has kept the response. Nil: all. Whether
    /// the key may ask the maker itself is no question: what it made is its own, and who answers now is of an offer that it may use.
    /// - Throws: none of them may.
    func fence(_ keeper: Keeper, to offer: OfferID) throws(RequestError) -> [MemberID]? {
        let offer = offers.all[offer.index]
        let members = snapshot.models[offer.group].members.filter { offer.member == nil || offer.member == $0 }
        if members.contains(keeper.member) { return [keeper.member] }
        guard let previous = keeper.previous else { return nil }
        let place = deployment(of: keeper.member).provider
        let others = members.filter { deployment(of: $0).provider == place }
        guard !others.isEmpty else { throw .noSuchResponse(previous.told) }
        return others
    }

    /// A kept response by the name that a client knows. Its name is sealed for the key it was made for, and that is the right to it: who may use a
    /// group is served by whatever members policies put in its place, and must be able to read and to stop what those make.
    /// - Parameters:
    ///   - part: what is asked of it, with its slash: `/cancel`; empty: itself.
    ///   - query: behind the question mark.
    package func kept(_ id: String, _ part: String, query: String, for key: ServedKey) -> KeptResponse? {
        guard let (member, original) = maker(of: id, for: key.name) else { return nil }
        let place = deployment(of: member).provider
        var path = "/responses/" + ProviderAddress.segment(original) + part
        let queries = [provider(of: member).quirks?.query ?? "", query].filter { !$0.isEmpty }
        if !queries.isEmpty { path += "?" + queries.joined(separator: "&") }
        let named = Responses.Named(own: original, told: id)
        guard let retelling = retelling(of: member, for: key.name, named) else { return nil }
        return KeptResponse(
            provider: place,
            path: path,
            retelling: retelling
        )
    }
}

extension Cause {
    /// Another member made what the request goes on from.
    package static let keptElsewhere = Cause("kept-elsewhere")
}

// MARK: - On an exchange

extension Exchange {
    /// Holds the request to who made what it goes on from.
    mutating func keepToMaker(_ asked: RequestView, _ offer: OfferID, key: String) throws(RequestError) {
        keeper = try view.keeper(of: asked, for: key)
        guard let keeper else { return }
        tried.fence = try view.fence(keeper, to: offer)
    }

    /// A sealed thought is left out when its member cannot serve: better another model without it than none.
    mutating func openFence(for set: CandidateSet) -> Bool {
        guard tried.fence != nil, let keeper, keeper.previous == nil else { return false }
        let isServed = set.rows.contains { $0.weight > 0 && $0.reason != Share.Reason.keptLast.code }
        guard !isServed else { return false }
        tried.fence = nil
        return true
    }
}
