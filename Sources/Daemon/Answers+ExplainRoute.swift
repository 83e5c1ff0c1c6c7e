/// `martlet explain route`: what the kernel would do with a packet, and why, from rule to member to configuration line.
import ConfigSyntax
import Control
import Forwarding
import Foundation
import Kernel
import Liveness
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    /// Asks the kernel and joins its answer with what we know. Throws `ErrorReply` when it cannot be asked.
    func explain(_ question: RouteQuestion) throws -> ExplainReply {
        let input = try question.inputDevice.map { name -> UInt32 in
            let index = if_nametoindex(name)
            guard index != 0 else { throw ErrorReply(errors: ["there is no device '\(name)'"]) }
            return index
        }
        let policies = policySteps(question)
        // What the policy makes of the packet, the kernel is asked about.
        var question = question
        if let mark = policies.mark { question.mark = mark }
        let lookup = RouteLookup(
            destination: question.destination,
            source: question.source,
            inputInterface: input,
            mark: question.mark ?? 0,
            flow: RouteLookup.Flow(question)
        )
        var steps = policies.steps.isEmpty ? markSteps(question) : policies.steps
        do throws(NetlinkFailure) {
            let answer = try lookup.ask()
            let route = matching(question, answer.route)
            steps += ruleSteps(question, to: route) + routeSteps(route) + displacedSteps(question, by: route)
            let chosen = member(of: answer)
            steps += hashSteps(question, lookup, to: route, by: chosen) + wayOutSteps(answer)
            let living = connectionStep(question)
            if let living { steps.append(living.step) }
            let but = living.map { $0.member == chosen?.fullName ? "" : ", but this connection goes by \($0.member)" }
            return ExplainReply(
                answer: headline(question, answer) + (but ?? ""),
                works: true,
                steps: steps,
                wouldChange: wouldChange(question, route)
            )
        } catch .refused(let refusal) {
            // It names no route that it refuses by: the closest one that we know of in the table is it.
            let route = matching(question, (try? lookup.matchedRoute()) ?? known(question))
            steps += ruleSteps(question, to: route) + routeSteps(route) + displacedSteps(question, by: route)
            steps.append(.init("kernel", "it refuses: \(refusal.sentence)"))
            return ExplainReply(
                answer: "\(question.destination) cannot be reached: \(refusal.sentence)",
                works: false,
                steps: steps,
                wouldChange: wouldChange(question, route)
            )
        } catch {
            throw ErrorReply(errors: ["the kernel cannot be asked: \(error)"])
        }
    }

    /// `RTN_LOCAL`.
    private static let localType: UInt8 = 2

    private func isStrange(_ route: Route) -> Bool { !(router.network?.configuration.ownership.owns(route) ?? false) }

    private func headline(_ question: RouteQuestion, _ answer: RouteLookup.Answer) -> String {
        let gateway = answer.gateway.map { " via \($0)" } ?? ""
        let device = answer.interface.map { " dev \(InterfaceName.of($0))" } ?? ""
        if answer.type == Self.localType { return "\(question.destination) is an address of this host" }
        // Whose way a stranger's route takes is nothing that we could promise.
        let whose: String
        if let route = answer.route, isStrange(route) {
            whose = ", by a stranger's route (protocol \(RouteProtocolName.of(route.routeProtocol)))"
        } else {
            whose = member(of: answer).map { " (\($0.fullName))" } ?? ""
        }
        return "\(question.destination) leaves\(gateway)\(device)\(whose)"
    }

    /// The route that matched. IPv6 keeps the way out with the next-hop object and answers with whichever route used it first,
    /// though it be in a table that no rule led to (seen on 6.18): our own routes are then looked up in the table of the question.
    private func matching(_ question: RouteQuestion, _ named: Route?) -> Route? {
        guard let named, let network = router.network, network.configuration.ownership.owns(named) else { return named }
        let table = path(marked: question.mark ?? 0, network)?.table ?? Resolver.mainTable
        guard named.key.table != table else { return named }
        let wish = network.resolver.wish()
        let written = wish.route(to: question.destination, in: table)?.object
        guard table == Resolver.mainTable, let listed = feedRoute(to: question.destination, network)?.object else {
            return written ?? named
        }
        return (written?.key.prefix.length ?? 0) > listed.key.prefix.length ? written : listed
    }

    /// The route that covers the destination most closely, of those that are ours or stand where ours could.
    private func known(_ question: RouteQuestion) -> Route? {
        guard let network = router.network else { return nil }
        let table = path(marked: question.mark ?? 0, network)?.table ?? Resolver.mainTable
        return network.view.routes.values.filter {
            $0.key.table == table && $0.key.prefix.contains(question.destination)
        }
        .min { a, b in
            let (left, right) = (a.key.prefix.length, b.key.prefix.length)
            return left != right ? left > right : a.key.metric < b.key.metric
        }
    }

    private func path(marked mark: UInt32, _ network: NetworkPlane) -> Path? {
        let mask = network.configuration.ownership.markMask.bits
        guard mark & mask != 0 else { return nil }
        let members = network.groups.members.compactMap { network.numbers.path($0.fullName) }
        let targets = network.configuration.policies.compactMap { policy in
            network.configuration.target(of: policy).flatMap { network.resolver.path(of: $0) }
        }
        return (members + targets).first { $0.mark.value == mark & mask }
    }

    // MARK: Steps

    private func markSteps(_ question: RouteQuestion) -> [ExplainReply.Step] {
        guard let mark = question.mark, mark != 0, let network = router.network else { return [] }
        guard let path = path(marked: mark, network) else {
            return [.init("rule", "no path of ours has mark 0x\(String(mark, radix: 16))")]
        }
        let words = "fwmark \(path.mark) is path \(path.member): rule \(path.preference) looks in table \(path.table)"
        return [.init("rule", words, cause: cause(ofMember: path.member))]
    }

    private func routeSteps(_ route: Route?) -> [ExplainReply.Step] {
        guard let route else { return [.init("route", "no route matches, or it is an address of this host")] }
        guard let network = router.network, network.configuration.ownership.owns(route) else {
            return [
                .init("route", "\(route.words) is \(owner(of: route)); we never touch it")
            ]
        }
        let wished = network.resolver.wish().wished(at: route.key, window: network.configuration.ownership)
        let state = wished?.object == route ? "as the file says" : "not as the file says; it is being put right"
        return [.init("route", "\(route.words), \(state)", cause: wished.map { sources.cause($0.cause) })]
            + groupSteps(route, network)
    }

    private func owner(of route: Route) -> String {
        let number = route.routeProtocol
        return number == RouteProtocolName.kernel
            ? "the kernel's own" : "a stranger's (protocol \(RouteProtocolName.of(number)))"
    }

    /// Our own route to the destination, where a stranger's goes before it.
    private func displaced(_ question: RouteQuestion, by route: Route?) -> Wished<Route>? {
        guard let route, isStrange(route) else { return nil }
        return router.network?.resolver.wish().route(to: question.destination, in: route.key.table)
    }

    private func displacedSteps(_ question: RouteQuestion, by route: Route?) -> [ExplainReply.Step] {
        guard let route, let ours = displaced(question, by: route) else { return [] }
        let (theirs, own) = (route.key, ours.object.key)
        let why =
            theirs.prefix.length > own.prefix.length
            ? "its prefix is longer" : "its metric is \(theirs.metric), ours \(own.metric)"
        return [.init("ours", "\(ours.object.words) waits behind it: \(why)", cause: sources.cause(ours.cause))]
    }

    private func groupSteps(_ route: Route, _ network: NetworkPlane) -> [ExplainReply.Step] {
        guard case .nexthop(let id) = route.action, let name = network.nameOf(id) else { return [] }
        let family = route.key.prefix.family
        guard let (index, strategy) = network.groupOf(id) else {
            return [.init("member", "next hop \(id.value) is \(name)", cause: cause(ofMember: name))]
        }
        let group = network.groups[GroupID(index)]
        let scope = HealthScope(family)
        let shares = network.groups.shares(of: group.id, in: scope, by: strategy?.terms(in: group.definition))
        let tier = shares.activeTier.map { "tier \($0) carries it" } ?? "nobody carries it"
        let by =
            (strategy?.strategy ?? group.definition.strategy).rawValue + (strategy == nil ? "" : ", the policy's own")
        let head = ExplainReply.Step(
            "group",
            "\(name) (next hop \(id.value), strategy \(by)): \(tier)",
            cause: sources.cause(group.definition.name.place)
        )
        return [head] + bucketSteps(route, network)
            + shares.all.filter { $0.reason != .outOfScope }.map { share in
                let row = row(share, in: scope, network.groups)
                return .init(
                    "member",
                    "\(row.member) weight \(row.weight): \(row.words)\(evidence(row.member, scope))\(neighbourWords(share, scope, network))",
                    cause: cause(ofMember: row.member)
                )
            }
    }

    /// Whose buckets of a resilient group are which; the flow's own is named with what the kernel hashes.
    private func bucketSteps(_ route: Route, _ network: NetworkPlane) -> [ExplainReply.Step] {
        guard case .nexthop(let id) = route.action, let buckets = try? NexthopBucket.all(of: id), !buckets.isEmpty
        else { return [] }
        return [.init("buckets", BucketTable(buckets, nameOf: network.nameOf).words)]
    }

    /// What the member's probe said last.
    private func evidence(_ member: String, _ scope: HealthScope) -> String {
        guard let network = router.network,
            let last = network.lastProbes[NetworkPlane.ProbeKey(member: member, scope: scope)]
        else { return "; no probe says otherwise" }
        let result = if case .failure(let cause) = last.signal { cause.name } else { "success" }
        return "; its probe: \(result)" + (last.rtt.map { " in \($0)" } ?? "")
    }

    /// What the kernel knows of the member's gateway.
    private func neighbourWords(_ share: Share, _ scope: HealthScope, _ network: NetworkPlane) -> String {
        guard let (gateway, entry) = neighbour(of: network.groups[share.member], scope) else { return "" }
        return entry.isAnswering
            ? "; its gateway \(gateway) is \(entry.words)" : "; its gateway \(gateway) does not answer (\(entry.words))"
    }

    private func wayOutSteps(_ answer: RouteLookup.Answer) -> [ExplainReply.Step] {
        let device = answer.interface.map { " dev \(InterfaceName.of($0))" } ?? ""
        let source = answer.source.map { " from \($0)" } ?? ""
        let gateway = answer.gateway.map { " via \($0)" } ?? ""
        let member = member(of: answer).map { ", that is \($0.fullName)" } ?? ""
        return [.init("kernel", "this flow leaves\(gateway)\(device)\(source)\(member)")]
    }

    private func wouldChange(_ question: RouteQuestion, _ route: Route?) -> [String] {
        if let route, displaced(question, by: route) != nil {
            let flag = route.key.prefix.family == .v4 ? "-4" : "-6"
            let table = tableName(route.key.table)
            return [
                "the end of the stranger's route: ip \(flag) route del \(route.key.prefix) metric \(route.key.metric) table \(table)"
            ]
        }
        guard let route, let network = router.network, case .nexthop(let id) = route.action,
            let (index, strategy) = network.groupOf(id)
        else { return [] }
        let group = network.groups.groups[index]
        let scope = HealthScope(route.key.prefix.family)
        let shares = network.groups.shares(of: group.id, in: scope, by: strategy?.terms(in: group.definition))
        return shares.all.compactMap { share in
            let member = network.groups[share.member].fullName
            switch share.reason {
            case .eligible: return "\(member) going down or being drained"
            case .down: return "\(member) answering its probe again"
            case .absent(let cause): return "\(member): an end of \(cause.name)"
            case .drained: return "martlet undrain \(member)"
            case .adminDown: return "martlet up \(member)"
            case .degraded: return "\(member) keeping within its limits again"
            case .standby(let tier): return "all members of tier \(tier) failing"
            case .overLimit(let bound): return "\(member) coming back within its \(bound.rawValue) limit"
            case .heldDown(let until): return "the end of \(member)'s hold-down in \(left(until: until))"
            case .damped(let until): return "\(member) not failing for another \(left(until: until))"
            case .behind(let leader): return "\(member) being better than \(network.groups[leader].fullName)"
            case .exploring: return "\(member) being measured"
            case .lastResort: return "a better member than \(member) being there"
            case .keptLast, .outOfScope, .excluded: return nil
            }
        }
    }

    // MARK: Names

    /// The member whose way out the kernel chose.
    func member(of answer: RouteLookup.Answer) -> GroupTable.Member? {
        guard let network = router.network, let interface = answer.interface else { return nil }
        let resolver = network.resolver
        for group in network.configuration.groups {
            let found = group.members.first { member in
                AddressFamily.allCases.contains { family in
                    guard member.has(family), case .success(let way) = resolver.wayOut(of: member, family) else {
                        return false
                    }
                    return way.gateway == answer.gateway && way.interface == interface
                }
            }
            if let found { return network.groups.member(named: group.fullName(of: found)) }
        }
        return nil
    }

    private func cause(ofMember fullName: String) -> String? {
        router.network?.groups.member(named: fullName).map { sources.cause($0.definition.name.place) }
    }
}
