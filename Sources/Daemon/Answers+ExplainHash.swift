/// `martlet explain`: where several members of a group carry, by what does the kernel choose among them, and which buckets of a
/// resilient group lead to whom?
import ConfigSyntax
import Control
import Forwarding
import Foundation
import Kernel
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    /// What divides the load of the route's group, and as far as the kernel tells it, where the flow of the question falls.
    ///
    /// - Parameter chosen: the member that the kernel has named for this flow.
    func hashSteps(
        _ question: RouteQuestion,
        _ lookup: RouteLookup,
        to route: Route?,
        by chosen: GroupTable.Member?
    ) -> [ExplainReply.Step] {
        guard let route, case .nexthop(let id) = route.action, let network = router.network,
            let group = network.groups.groups.first(where: { "group \($0.definition.name.value)" == network.nameOf(id) }
            )
        else { return [] }
        let isDivided = network.groups.shares(of: group.id, in: HealthScope(route.key.prefix.family)).carrying.count > 1
        let policy = HashPolicy(question.destination.family)
        let open = policy.open(question)
        let hash = isDivided ? [policy.step(question, open)] : []
        var steps = hash
        guard isDivided, open.isEmpty, let chosen, question.source != nil else { return steps }
        // Looking a flow up counts as a use of its bucket: of those just used, it is one.
        guard (try? lookup.ask()) != nil, let second = try? NexthopBucket.all(of: id) else { return steps }
        let used = BucketTable(second, nameOf: network.nameOf).used(by: chosen.fullName)
        if used.count == 1 {
            steps.append(
                .init("bucket", "\(used[0]) of \(second.count) is this flow's, and is with \(chosen.fullName)")
            )
        } else if used.count > 1 {
            let words = "one of the \(used.count) that \(chosen.fullName) holds and that are in use just now"
            steps.append(.init("bucket", words))
        }
        return steps
    }
}

/// The buckets of a resilient group by the names of those who hold them.
struct BucketTable {
    private let holders: [(name: String, buckets: [NexthopBucket])]
    private let count: Int

    init(_ buckets: [NexthopBucket], nameOf: (NexthopID) -> String?) {
        count = buckets.count
        let byName = Dictionary(grouping: buckets) { nameOf($0.member) ?? "next hop \($0.member.value)" }
        holders = byName.sorted { ($0.value[0].index, $0.key) < ($1.value[0].index, $1.key) }.map { ($0.key, $0.value) }
    }

    /// More ranges than this say nothing to anybody.
    private static let mostRanges = 4
    /// A look at the buckets follows the use at once; the kernel counts in hundredths of a second.
    private static let justNow = Span.milliseconds(20)

    /// `of 128 buckets: wan.first 96 (0-95), wan.second 32 (96-127)`.
    var words: String {
        let parts = holders.map { holder in
            "\(holder.name) \(holder.buckets.count) (\(Self.ranges(holder.buckets.map { Int($0.index) })))"
        }
        return "of \(count) buckets: " + parts.joined(separator: ", ")
    }

    /// Indices of the buckets of the member that were used just now.
    func used(by member: String) -> [Int] {
        let own = holders.first { $0.name == member }?.buckets ?? []
        return own.filter { $0.idle <= Self.justNow }.map { Int($0.index) }
    }

    /// `0-95`, `0-3, 8, 12-15 and 2 more ranges`; the indices ascend.
    static func ranges(_ indices: [Int]) -> String {
        var ranges: [ClosedRange<Int>] = []
        for index in indices {
            if let last = ranges.last, last.upperBound + 1 == index {
                ranges[ranges.count - 1] = last.lowerBound...index
            } else {
                ranges.append(index...index)
            }
        }
        let shown = ranges.prefix(mostRanges).map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }
        let more = ranges.count - shown.count
        return shown.joined(separator: ", ") + (more > 0 ? " and \(more) more \(more == 1 ? "range" : "ranges")" : "")
    }
}

/// What of a packet the kernel hashes to choose among the members of a group (`fib_multipath_hash_policy`, ip-sysctl.rst).
struct HashPolicy {
    private let number: Int
    private let name: String

    init(_ family: AddressFamily) {
        name = "net.\(family == .v4 ? "ipv4" : "ipv6").fib_multipath_hash_policy"
        let path = "/proc/sys/" + name.replacing(".", with: "/")
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? "0"
        number = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    private var looksAtPorts: Bool { number == 1 || number == 3 }

    private var words: String {
        switch number {
        case 0: "addresses alone"
        case 1: "addresses, protocol and ports"
        case 2: "addresses, those of the inner packet where it is a tunnel's"
        case 3: "fields that were chosen (fib_multipath_hash_fields)"
        default: "something that we do not know"
        }
    }

    /// The options that would say what the question leaves open of what is hashed.
    func open(_ question: RouteQuestion) -> [String] {
        var open = question.source == nil ? ["--from"] : []
        guard looksAtPorts else { return open }
        if question.transport == nil { open.append("--proto") }
        guard question.transport == nil || question.transport == "tcp" || question.transport == "udp" else {
            return open
        }
        if question.sourcePort == nil { open.append("--sport") }
        if question.destinationPort == nil { open.append("--dport") }
        return open
    }

    func step(_ question: RouteQuestion, _ open: [String]) -> ExplainReply.Step {
        var words = "the kernel chooses by \(words) (\(name) = \(number))"
        if !open.isEmpty {
            words += "; said is not \(open.joined(separator: ", ")), and another such flow may go elsewhere"
        } else if number == 1, let device = question.inputDevice {
            // `skb->l4_hash`: receive hashing of a card, or the sender's own hash through a veth pair.
            words +=
                "; where \(device) hands up a hash of its own, the kernel takes that, and the flow may go elsewhere"
        }
        return .init("hash", words)
    }
}

extension Answers {
    /// The member that the flow of the question has really taken, where it lives already: by the mark of its connection.
    func connectionStep(_ question: RouteQuestion) -> (member: String, step: ExplainReply.Step)? {
        guard let network = router.network, network.configuration.isTracking, let tuple = Conntrack.Tuple(question),
            let found = try? Conntrack.mark(of: tuple)
        else { return nil }
        let mask = network.configuration.ownership.markMask
        let member = network.groups.members.first {
            network.numbers.path($0.fullName)?.mark.value == found & mask.path.bits
        }
        guard let member, found & mask.path.bits != 0 else { return nil }
        let way = found & mask.arrival == 0 ? "its packets go by" : "it came in by"
        let step = ExplainReply.Step(
            "connection",
            "the kernel tracks this flow, and \(way) \(member.fullName) (mark 0x\(String(found, radix: 16)))",
            cause: sources.cause(member.definition.name.place)
        )
        return (member.fullName, step)
    }
}

extension Conntrack.Tuple {
    /// Nil when the question does not say which flow it is.
    fileprivate init?(_ question: RouteQuestion) {
        guard let source = question.source, let transport = question.transport.flatMap(PacketFact.transportNumber),
            let sourcePort = question.sourcePort, let destinationPort = question.destinationPort
        else { return nil }
        self.init(
            source: source,
            destination: question.destination,
            transport: transport,
            sourcePort: sourcePort,
            destinationPort: destinationPort
        )
    }
}

extension RouteLookup.Flow {
    init(_ question: RouteQuestion) {
        self.init(
            transport: question.transport.flatMap(PacketFact.transportNumber),
            sourcePort: question.sourcePort,
            destinationPort: question.destinationPort
        )
    }
}
