/// Policies and sets as rows, with the kernel's counters.
import ConfigSyntax
import Control
import Forwarding
import Kernel
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    func policies() -> [PolicyRow] {
        guard let network = router.network, !network.configuration.policies.isEmpty else { return [] }
        let counts = try? NftCount.all(in: network.configuration.ownership.tableName)
        let resolver = network.resolver
        return network.configuration.policies.map { policy in
            let target = network.configuration.target(of: policy)
            let path = target.flatMap { resolver.path(of: $0) }
            let count = counts?[policy.counter]
            return PolicyRow(
                name: policy.name.value,
                match: policy.matchText,
                target: words(target, network.configuration),
                ipv4: words(resolver.state(of: policy, .v4), of: target),
                ipv6: words(resolver.state(of: policy, .v6), of: target),
                mark: path?.mark.description,
                table: path?.table,
                packets: count?.packets,
                bytes: count?.bytes,
                cause: sources.cause(policy.place)
            )
        }
    }

    private func words(_ target: PolicyTarget?, _ configuration: NetworkConfiguration) -> String {
        guard let target else { return "-" }
        let name = configuration.name(of: target)
        return name.hasPrefix("to ") ? String(name.dropFirst(3)) : name
    }

    private func words(_ state: PolicyState, of target: PolicyTarget?) -> String {
        switch state {
        case .passes: "passes"
        case .isOfOtherFamily: "-"
        case .leads(.refusal): "refuses"
        case .leads: "leads"
        }
    }

    func sets() -> [SetRow] {
        guard let network = router.network else { return [] }
        return network.configuration.sets.map { set in
            SetRow(
                name: set.name.value,
                source: set.source,
                ipv4: set.addresses(.v4).ranges.count,
                ipv6: set.addresses(.v6).ranges.count,
                state: state(of: set, network),
                detail: network.feeds.problems["@\(set.name.value)"],
                cause: sources.cause(set.name.place)
            )
        }
    }

    private func state(of set: AddressSetDefinition, _ network: NetworkPlane) -> String {
        let names = AddressFamily.allCases.map { set.kernelName($0) }
        guard let wished = network.resolver.ruleset()?.object, wished.sets.contains(where: { names.contains($0.name) })
        else { return "unused" }
        let there = network.view.ruleset?.sets ?? [:]
        let isThere = AddressFamily.allCases.allSatisfy { family in
            there[set.kernelName(family)]?.elements.count == set.addresses(family).ranges.count
        }
        return isThere ? "programmed" : "pending"
    }
}

// MARK: - Explaining

extension Answers {
    /// Which policy takes the packet of the question, as far as the question says what it is; and the mark that gives.
    func policySteps(_ question: RouteQuestion) -> (steps: [ExplainReply.Step], mark: UInt32?) {
        guard let network = router.network, !network.configuration.policies.isEmpty, question.mark ?? 0 == 0 else {
            return ([], nil)
        }
        let family = question.destination.family
        let window = network.configuration.ownership
        var steps: [ExplainReply.Step] = []
        for policy in network.configuration.policies where policy.match.evaluate(facts(question)) {
            let cause = sources.cause(policy.place)
            switch network.resolver.state(of: policy, family) {
            case .isOfOtherFamily: continue
            case .passes:
                steps.append(
                    .init(
                        "policy",
                        "\(policy.name.value) matches; its target is down, so the next is asked",
                        cause: cause
                    )
                )
            case .leads(let target):
                let name = words(target, network.configuration)
                let path = network.resolver.path(of: target)
                let mark = path.map { ", mark \($0.mark) by nft chain policy-\(policy.name.value)" } ?? ""
                steps.append(
                    .init("policy", "\(policy.name.value) (\(policy.matchText)) leads to \(name)\(mark)", cause: cause)
                )
                steps += sets(of: policy)
                steps.append(
                    .init(
                        "rule",
                        "\(window.lanPreference): what the main table knows better than by a default route stays there "
                            + "(lookup main suppress_prefixlength 0)"
                    )
                )
                if let path {
                    let words = "\(path.preference): fwmark \(path.mark) looks in table \(path.table)"
                    steps.append(.init("rule", words, cause: cause))
                }
                return (steps, path?.mark.value)
            }
        }
        steps.append(.init("policy", "no policy takes it, as far as the question says what it is"))
        return (steps, nil)
    }

    private func sets(of policy: NetworkPolicy) -> [ExplainReply.Step] {
        policy.match.setNames.compactMap { name in
            guard let set = router.network?.configuration.sets.first(where: { $0.name.value == name }) else {
                return nil
            }
            let count = set.addresses.ranges.count
            return .init("set", "@\(name) holds \(count) ranges (\(set.source))", cause: sources.cause(set.name.place))
        }
    }

    private func facts(_ question: RouteQuestion) -> Facts {
        // Without a source the packet is this host's own, whose source the route decides.
        let unspecified = IPAddress(family: question.destination.family, high: 0, low: 0)
        var packet = PacketFacts(source: question.source ?? unspecified, destination: question.destination)
        packet[.mark] = .number(0)
        if let device = question.inputDevice { packet[.ingress] = .text(device) }
        if let second = router.network?.secondOfDay { packet[.time] = .number(second) }
        if let transport = question.transport {
            packet[.transport] = .text(transport)
            if let port = question.sourcePort {
                if transport == "tcp" { packet[.tcpSource] = .number(Int64(port)) }
                if transport == "udp" { packet[.udpSource] = .number(Int64(port)) }
            }
            if let port = question.destinationPort {
                if transport == "tcp" { packet[.tcpDestination] = .number(Int64(port)) }
                if transport == "udp" { packet[.udpDestination] = .number(Int64(port)) }
            }
        }
        return packet.facts
    }
}
