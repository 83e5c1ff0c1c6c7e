/// How `network.routes` is read.
import ConfigSyntax
import NetTypes
import PolicyEngine

struct RouteReader {
    private let diagnostics: Diagnostics
    private let window: OwnershipWindow

    init(_ diagnostics: Diagnostics, _ window: OwnershipWindow) {
        self.diagnostics = diagnostics
        self.window = window
    }

    /// All routes and all files of routes, each in file order. Keys are destinations, `default`, or names of files of routes.
    func readAll(in network: BlockReader) -> ([RouteDefinition], [RouteFileDefinition]) {
        guard let block = network.block("routes") else { return ([], []) }
        var routes: [RouteDefinition] = []
        var files: [RouteFileDefinition] = []
        for entry in block.allEntries() {
            let path = "\(block.path).\(entry.key.value)"
            if isFile(entry.value) {
                if let file = routeFile(entry, path) { files.append(file) }
            } else if let destination = destination(entry.key), let (use, options) = use(entry.value, path) {
                checkFamily(destination, use)
                checkSource(destination, options)
                routes.append(
                    RouteDefinition(destination: destination, use: use, options: options, place: entry.key.place)
                )
            }
        }
        checkTwice(routes)
        return (routes, files)
    }

    private func isFile(_ node: Node) -> Bool {
        guard case .map(let entries) = node.kind else { return false }
        return entries.contains { $0.key.value == "file" }
    }

    private func routeFile(_ entry: Node.Entry, _ path: String) -> RouteFileDefinition? {
        let block = BlockReader(entry.value, path: path, into: diagnostics)
        defer { block.finish() }
        let (file, use) = (block.required("file", as: String.self), block.required("use", as: String.self))
        if !BlockReader.isName(entry.key.value) {
            diagnostics.report("'\(entry.key.value)' is no name for a file of routes", at: entry.key.place)
        }
        guard let file, let use else { return nil }
        return RouteFileDefinition(name: entry.key, file: file, use: named(use))
    }

    private func destination(_ key: Located<String>) -> RouteDefinition.Destination? {
        if key.value == "default" { return .default }
        if NearestName.of(key.value, among: ["default"]) != nil {
            let hint = "did you mean 'default'?"
            diagnostics.report("'network.routes.\(key.value)' is no destination", at: key.place, hint: hint)
            return nil
        }
        let node = Node(.scalar(key.value, .plain), at: key.place)
        guard let prefix = IPPrefix.read(node, what: "network.routes.\(key.value)", into: diagnostics) else {
            return nil
        }
        if prefix.value.address.isMulticast {
            diagnostics.report("'\(prefix.value)' is multicast, and routes are unicast", at: key.place)
        }
        return .prefix(prefix.value)
    }

    private func use(_ node: Node, _ path: String) -> (RouteDefinition.Use, RouteOptions)? {
        if case .map = node.kind {
            let block = BlockReader(node, path: path, into: diagnostics)
            defer { block.finish() }
            let options = RouteOptions(block, window)
            return RouteUseReader(block).read(named).map { ($0, options) }
        }
        guard let text = String.read(node, what: path, into: diagnostics) else { return nil }
        return (named(text), RouteOptions())
    }

    /// `blackhole`, `unreachable`, `prohibit`, `group` or `group.member`.
    private func named(_ text: Located<String>) -> RouteDefinition.Use {
        switch text.value {
        case "blackhole": return .blackhole
        case "unreachable": return .unreachable
        case "prohibit": return .prohibit
        default: break
        }
        let parts = text.value.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return .group(text) }
        return .member(group: text.map { _ in String(parts[0]) }, member: text.map { _ in String(parts[1]) })
    }

    /// IPv4 may go through an IPv6 gateway (RFC 5549), but not the other way round.
    private func checkFamily(_ destination: RouteDefinition.Destination, _ use: RouteDefinition.Use) {
        guard case .prefix(let prefix) = destination, case .via(let gateway, _) = use, prefix.family == .v6,
            gateway.value.family == .v4
        else { return }
        diagnostics.report("an IPv6 route cannot go via the IPv4 gateway '\(gateway.value)'", at: gateway.place)
    }

    private func checkSource(_ destination: RouteDefinition.Destination, _ options: RouteOptions) {
        guard case .prefix(let prefix) = destination, let source = options.source,
            source.value.family != prefix.family
        else { return }
        let family = prefix.family.shownName
        diagnostics.report(
            "the source of an \(family) route must be \(family), not '\(source.value)'",
            at: source.place
        )
    }

    /// The same destination in two spellings, which no duplicate key shows.
    private func checkTwice(_ routes: [RouteDefinition]) {
        var first: [Route.Key: Place] = [:]
        for route in routes {
            let prefixes: [IPPrefix] =
                switch route.destination {
                case .prefix(let prefix): [prefix]
                case .default: AddressFamily.allCases.map { .everything($0) }
                }
            for prefix in prefixes {
                let key = route.key(prefix, window)
                if let earlier = first[key] {
                    diagnostics.report("there is a route for \(prefix) already", at: route.place, related: earlier)
                    break
                }
                first[key] = route.place
            }
        }
    }
}
