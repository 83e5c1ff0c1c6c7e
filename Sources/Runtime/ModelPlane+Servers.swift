/// Which model does each member of a local server stand for now? What the server's readings say, once two in a row say it: a member whose
/// server was never read, or has not the model it wants, is absent, and comes without anybody's doing when it has.
import ConfigSyntax
package import Inference
package import NetTypes
package import PolicyEngine

/// What was found of one member at its server.
package enum FoundModel: Hashable, Sendable {
    case model(ServedModel)
    /// Nothing that it could be asked for.
    case nothing(Cause)

    package var model: ServedModel? {
        switch self {
        case .model(let model): model
        case .nothing: nil
        }
    }

    fileprivate var absence: Cause? {
        switch self {
        case .model: nil
        case .nothing(let cause): cause
        }
    }

    fileprivate init(_ result: Result<ServedModel, NoSuchModel>) {
        switch result {
        case .success(let model): self = .model(model)
        case .failure(let why): self = .nothing(why.cause)
        }
    }
}

extension Cause {
    /// Its server has not been read yet.
    static let serverNotFound = Cause("server-not-found")
}

extension ModelPlane {
    /// Parallel to the members; nil: its provider's server is not read. What was known goes on as long as it is about the same.
    static func found(_ configuration: ModelsConfiguration, _ watches: [ProviderWatch], keeping old: ModelPlane?)
        -> [FoundModel?]
    {
        configuration.groups.flatMap { group in
            group.members.map { member in
                guard let provider = configuration.provider(of: member), provider.probe?.kind.server != nil else {
                    return nil
                }
                let before = old?.known(of: member, in: group, at: provider)
                guard let reading = watches.first(where: { $0.name == provider.name.value })?.reading else {
                    return before ?? .nothing(.serverNotFound)
                }
                return FoundModel(reading.model(for: member.model?.value, before: before?.model?.name))
            }
        }
    }

    /// What was found of this member, if it was looked for in the same way.
    private func known(of member: ModelMember, in group: ModelGroup, at provider: ProviderDefinition) -> FoundModel? {
        let name = "\(group.definition.name.value).\(member.name.value)"
        guard let index = groups.member(named: name)?.id.index, let own = configured(index),
            own.provider.value == member.provider.value, own.model?.value == member.model?.value,
            let before = configuration.provider(of: own), before.url == provider.url,
            before.probe?.kind == provider.probe?.kind
        else { return nil }
        return found[index]
    }

    /// A member as the file has it.
    private func configured(_ index: Int) -> ModelMember? {
        guard groups.members.indices.contains(index) else { return nil }
        let group = groups.members[index].group
        let place = index - (groups[group].members.first?.index ?? 0)
        let members = configuration.groups[group.index].members
        return members.indices.contains(place) ? members[place] : nil
    }

    /// What members stand on, as a new configuration finds it.
    mutating func settlePresence(at now: Instant) {
        for (member, found) in zip(groups.members, found) {
            _ = groups.observe(found?.absence.map { .absent($0) } ?? .present, of: member.id, in: .any, at: now)
        }
        nameFound()
    }

    /// A provider's server has other models than before.
    mutating func findModels(
        of members: [GroupTable.Member],
        _ reading: ServerReading,
        at now: Instant,
        _ effects: inout [Effect]
    ) {
        for member in members {
            let index = member.id.index
            guard let own = configured(index), let before = found[index] else { continue }
            let next = FoundModel(reading.model(for: own.model?.value, before: before.model?.name))
            guard next != before else { continue }
            found[index] = next
            touch(member.group)
            let signal = next.absence.map { Signal.absent($0) } ?? .present
            if groups.observe(signal, of: member.id, in: .any, at: now) != .none {
                effects.append(.note(.presence(member: member.fullName, .any, absent: next.absence)))
            }
            guard let model = next.model else { continue }
            effects.append(.note(.found(member: member.fullName, model: model.name, context: model.context)))
        }
        nameFound()
    }

    /// What members without a name of a model were found to be is told apart in the metrics too.
    private mutating func nameFound() {
        let all = found.compactMap { $0?.model?.name }
        names = MeasuredNames(configuration, found: all)
    }

    /// The name of a member's provider.
    package func provider(of member: MemberID) -> String? { configured(member.index)?.provider.value }

    /// What is read of the server of a provider; nil: nothing yet.
    package func reading(of provider: String) -> (reading: ServerReading, at: Instant)? {
        watches.first { $0.name == provider }.flatMap { watch in
            watch.reading.flatMap { reading in watch.readAt.map { (reading, $0) } }
        }
    }
}
