/// Who may not serve a policy's requests, whatever its share? One reason for each member, worked out when the snapshot is taken.
import ConfigSyntax
import NetTypes
package import PolicyEngine

extension GatewaySnapshot {
    /// Why this member keeps not to the terms; nil when it does. What is not known of latency breaks nothing, for it can only be
    /// learnt by asking; a quality that nobody rated is none, nor is a capability that nobody spoke of.
    func breach(of terms: PolicyTerms, by member: MemberID) -> Cause? {
        let provider = providers[deployments[member.index].provider]
        if !terms.only.regions.isEmpty, !terms.only.regions.contains(where: { $0 == provider.region }) {
            return .region
        }
        if terms.except.regions.contains(where: { $0 == provider.region }) { return .region }
        if !terms.only.providers.isEmpty, !terms.only.providers.contains(provider.name) { return .provider }
        if terms.except.providers.contains(provider.name) { return .provider }
        let can = deployments[member.index].facts?.capabilities
        if let wanted = terms.only.capabilities, !(can?.isSuperset(of: wanted) ?? false) { return .capability }
        if let unwanted = terms.except.capabilities, let can, !can.isDisjoint(with: unwanted) { return .capability }
        let evidence = models.evidence(of: member, in: .any)
        if let least = terms.minQuality, evidence.quality.map({ $0 < least }) ?? true { return .minQuality }
        if let most = terms.maxLatency, let measured = evidence.measured, measured.latency > most { return .maxLatency }
        return nil
    }

    /// Why a path is not to be used; nil when it may.
    func breach(of terms: PolicyTerms, over path: MemberID) -> Cause? {
        if !terms.only.paths.isEmpty, !terms.only.paths.contains(where: { names($0, path) }) { return .path }
        return terms.except.paths.contains { names($0, path) } ? .path : nil
    }

    private func names(_ name: String, _ path: MemberID) -> Bool {
        network[path].fullName == name || network[network[path].group].definition.name.value == name
    }
}

extension PolicyTerms {
    /// Whether it lets nobody through who leaves by the host's own routing.
    var asksForPaths: Bool { !only.paths.isEmpty }
}

extension Cause {
    /// The policy rules out where the provider is, who it is, or the way there.
    package static let region = Cause("region")
    package static let provider = Cause("provider")
    package static let path = Cause("path")
    /// The policy rules out what the model can do, or what nobody says that it can.
    package static let capability = Cause("capability")
    /// Beyond the policy's bound.
    package static let maxLatency = Cause("max-latency")
    package static let minQuality = Cause("min-quality")
}
