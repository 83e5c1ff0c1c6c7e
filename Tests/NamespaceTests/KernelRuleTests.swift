import Forwarding
import Glibc
import NetTypes
import Testing

@testable import Kernel

/// Does the kernel keep every selector and action of a rule as it was sent, and does `ip` see it as meant?
@Suite(.enabled(if: isRoot, "needs root: makes network namespaces"))
struct KernelRuleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let family: AddressFamily
        let selectors: RuleSelectors
        var action = Rule.Action.lookup(7001)
        var suppressedPrefixLength: UInt32?
        var suppressedGroup: UInt32?
        /// What `ip -j rule` says: key and value as text.
        let shown: [String: String]

        var testDescription: String { shown.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ") }

        func rule(_ preference: UInt32) -> Rule {
            Rule(
                family: family,
                preference: preference,
                selectors: selectors,
                action: action,
                suppressedPrefixLength: suppressedPrefixLength,
                suppressedInterfaceGroup: suppressedGroup,
                routeProtocol: 219
            )
        }
    }

    static let rows: [Row] = AddressFamily.allCases.flatMap { family -> [Row] in
        let (net, host) = family == .v4 ? ("192.0.2.0/24", "10.1.2.3/32") : ("2001:db8::/32", "fd00::9/128")
        let bare = { (text: String) in String(text.split(separator: "/")[0]) }
        return [
            Row(family: family, selectors: RuleSelectors(source: prefix(net)), shown: ["src": bare(net)]),
            Row(family: family, selectors: RuleSelectors(source: prefix(host)), shown: ["src": bare(host)]),
            Row(family: family, selectors: RuleSelectors(destination: prefix(net)), shown: ["dst": bare(net)]),
            Row(family: family, selectors: RuleSelectors(inputInterface: "lo"), shown: ["iif": "lo"]),
            Row(family: family, selectors: RuleSelectors(outputInterface: "gone0"), shown: ["oif": "gone0"]),
            Row(family: family, selectors: RuleSelectors(transport: 17), shown: ["ipproto": "udp"]),
            Row(
                family: family,
                selectors: RuleSelectors(transport: 6, sourcePorts: 1024...65534),
                shown: ["sport_start": "1024", "sport_end": "65534"]
            ),
            Row(
                family: family,
                selectors: RuleSelectors(transport: 6, destinationPorts: 443...443),
                shown: ["dport": "443"]
            ),
            Row(
                family: family,
                selectors: RuleSelectors(mark: 0x100, mask: 0xFF00),
                shown: ["fwmark": "0x100", "fwmask": "0xff00"]
            ),
            Row(
                family: family,
                selectors: RuleSelectors(mark: 0, mask: 0xFF00),
                shown: ["fwmark": "0", "fwmask": "0xff00"]
            ),
            Row(
                family: family,
                selectors: RuleSelectors(users: 1000...1999),
                shown: ["uid_start": "1000", "uid_end": "1999"]
            ),
            Row(family: family, selectors: RuleSelectors(typeOfService: 0x10), shown: ["tos": "0x10"]),
            // iproute2 6.1 knows no code points: judged by reading back alone.
            Row(family: family, selectors: RuleSelectors(codePoint: 46), shown: [:]),
            Row(
                family: family,
                selectors: RuleSelectors(source: prefix(net), isInverted: true),
                shown: ["not": "<null>"]
            ),
            Row(
                family: family,
                selectors: RuleSelectors(),
                action: .lookup(254),
                suppressedPrefixLength: 0,
                shown: ["suppress_prefixlen": "0"]
            ),
            Row(
                family: family,
                selectors: RuleSelectors(),
                action: .lookup(254),
                suppressedGroup: 5,
                shown: ["suppress_ifgroup": "5"]
            ),
            Row(
                family: family,
                selectors: RuleSelectors(source: prefix(net)),
                action: .blackhole,
                shown: ["action": "blackhole"]
            ),
            Row(
                family: family,
                selectors: RuleSelectors(source: prefix(net)),
                action: .unreachable,
                shown: ["action": "unreachable"]
            ),
            Row(
                family: family,
                selectors: RuleSelectors(source: prefix(net)),
                action: .prohibit,
                shown: ["action": "prohibit"]
            ),
            Row(
                family: family,
                selectors: RuleSelectors(
                    source: prefix(net),
                    destination: prefix(host),
                    inputInterface: "eth0",
                    transport: 6,
                    destinationPorts: 22...23,
                    mark: 1,
                    mask: 1
                ),
                shown: ["src": bare(net), "dst": bare(host), "iif": "eth0", "dport_end": "23", "fwmark": "0x1"]
            ),
        ]
    }

    /// All in one namespace: each has a preference of its own.
    @Test func everySelectorAndActionIsKeptAsSentAndDeletedAlone() throws {
        try inNewNetwork {
            let rules = Self.rows.enumerated().map { $1.rule(7001 + UInt32($0)) }
            #expect(try carryOut(rules.map { .addRule($0) }) == accepted(rules.count))
            let read = try ours()
            for rule in rules { #expect(read.contains(rule), "\(rule)") }
            for family in AddressFamily.allCases {
                let shown = try objects("ip -j \(family == .v4 ? "-4" : "-6") rule show")
                for (row, rule) in zip(Self.rows, rules) where row.family == family {
                    let found = shown.first { $0["priority"] as? Int == Int(rule.preference) } ?? [:]
                    for (key, value) in row.shown {
                        #expect("\(found[key] ?? "absent")" == value, "\(row): \(found)")
                    }
                }
            }
            for (position, rule) in rules.enumerated() {
                #expect(try carryOut([.deleteRule(rule)]) == accepted(1), "\(Self.rows[position])")
                #expect(try ours().count == rules.count - position - 1)
            }
        }
    }

    private func ours() throws -> [Rule] {
        try KernelSnapshot.read(table: nil).reports.compactMap { report in
            if case .rule(let rule) = report, rule.routeProtocol == 219 { rule } else { nil }
        }
    }
}
