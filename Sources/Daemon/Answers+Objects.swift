/// Next hops, groups, routes and rules as rows: what the file asks of the kernel and how each object stands.
import ConfigSyntax
import Control
import Forwarding
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    /// Those of the file one by one, and lists as a whole.
    func routes() -> [ObjectRow] { rows.filter { $0.kind == "route" } + feedRows() }

    func rules() -> [ObjectRow] { rows.filter { $0.kind == "rule" } }

    /// What is not as the file says, or had to be put back.
    func drift() -> [ObjectRow] { (rows + feedRows()).filter { $0.state != "programmed" } }

    private var rows: [ObjectRow] {
        guard let network = router.network else { return [] }
        let lists = Set(network.configuration.routeFiles.map(\.name.value))
        return network.objects().filter { stated in
            guard case .unmade(let pending) = stated.object else { return true }
            return !lists.contains(pending.name.split(separator: " ").first.map(String.init) ?? "")
        }.map { row($0, network) }
    }

    private func row(_ stated: StatedObject, _ network: NetworkPlane) -> ObjectRow {
        let (state, cause) = (stated.state, sources.cause(stated.cause))
        switch stated.object {
        case .nexthop(let nexthop):
            return ObjectRow(
                kind: nexthop.isGroup ? "group" : "next hop",
                object: network.nameOf(nexthop.id) ?? "?",
                family: nexthop.family.name,
                table: nil,
                priority: nil,
                action: nexthop.words,
                state: state.code,
                detail: detail(state, network.view.nexthops[nexthop.id].flatMap { $0 == nexthop ? nil : $0.words }),
                cause: cause,
                offload: network.view.offload(of: nexthop.id).words
            )
        case .route(let route):
            return ObjectRow(
                kind: "route",
                object: route.key.prefix.description,
                family: route.key.prefix.family.name,
                table: route.key.table,
                priority: route.key.metric,
                action: words(route, network),
                state: state.code,
                detail: detail(state, network.view.route(at: route.key).flatMap { $0 == route ? nil : $0.words }),
                cause: cause,
                offload: network.view.offload(of: route.key).words
            )
        case .rule(let rule):
            return ObjectRow(
                kind: "rule",
                object: rule.selectors.words,
                family: rule.family.name,
                table: rule.table,
                priority: rule.preference,
                action: rule.actionWords,
                state: state.code,
                detail: detail(state, nil),
                cause: cause
            )
        case .unmade(let pending): return row(pending, state, cause)
        }
    }

    /// A route's name is its prefix, a member's `group.member family`.
    private func row(_ pending: Pending, _ state: ObjectState, _ cause: String) -> ObjectRow {
        let isRoute = pending.name.contains("/")
        return ObjectRow(
            kind: isRoute ? "route" : "next hop",
            object: pending.name,
            family: pending.name.contains(":") || pending.name.hasSuffix("ipv6") ? "ipv6" : "ipv4",
            table: nil,
            priority: nil,
            action: "-",
            state: state.code,
            detail: detail(state, nil),
            cause: cause
        )
    }

    /// A next-hop id with what it stands for, and what the route says besides.
    private func words(_ route: Route, _ network: NetworkPlane) -> String {
        let rest = (route.source.map { " src \($0)" } ?? "") + (route.mtu.map { " mtu \($0)" } ?? "")
        guard case .nexthop(let id) = route.action else { return route.action.words + rest }
        return "\(network.nameOf(id) ?? "?") (id \(id.value))" + rest
    }

    /// - Parameter found: what stands there instead, if something does.
    private func detail(_ state: ObjectState, _ found: String?) -> String? {
        switch state {
        case .pending(let why): why?.name ?? found.map { "the kernel has \($0)" }
        case .programmed: nil
        case .failed(let refusal):
            "\(refusal.refusal.sentence), tried \(refusal.attempts) times, again in \(refusal.retryAt - now)"
        case .foreignConflict(let owner): "protocol \(owner) holds \(found ?? "its place")"
        case .drifted(let count): "put back \(count == 1 ? "once" : "\(count) times")"
        }
    }
}

extension ObjectState {
    var code: String {
        switch self {
        case .pending: "pending"
        case .programmed: "programmed"
        case .failed: "failed"
        case .foreignConflict: "foreign-conflict"
        case .drifted: "drifted"
        }
    }
}
