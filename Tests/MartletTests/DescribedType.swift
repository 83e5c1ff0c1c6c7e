/// Which properties does each type of the control API send: all it has, and those it always sends?
import Control
import NetTypes
import Testing

struct DescribedType: Sendable, CustomTestStringConvertible {
    let name: String
    let all: [String]
    let always: [String]
    var testDescription: String { name }

    /// - Parameters:
    ///   - full: a value with everything set.
    ///   - bare: the same type with nothing set that may be missing.
    init(_ name: String, _ full: some Encodable, _ bare: some Encodable) {
        self.name = name
        all = Self.keys(full)
        always = Self.keys(bare)
    }

    private static func keys(_ value: some Encodable) -> [String] {
        let keys = try! ControlJSON.decode(PropertyNames.self, from: ControlJSON.encode(value))
        return keys.names.sorted()
    }

    private struct PropertyNames: Decodable {
        let names: [String]

        struct Name: CodingKey {
            let stringValue: String
            let intValue: Int? = nil
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            names = try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue)
        }
    }

    static let all: [DescribedType] = requests + replies + usage + rows

    private static let requests: [DescribedType] = {
        let address = IPAddress("192.0.2.1")!
        let file = ConfigurationFiles.File(name: "", text: "")
        let bareModel = ModelQuestion(prompt: "", model: "")
        let admin = AdminRequest(member: "", admin: "")
        let terms = ConfirmTerms(.always, within: .seconds(1), peer: address)
        return [
            DescribedType(
                "ApplyRequest",
                ApplyRequest(ConfigurationFiles(files: []), confirm: terms),
                ApplyRequest(ConfigurationFiles(files: []))
            ),
            DescribedType(
                "RollbackRequest",
                RollbackRequest(configuration: 1, confirm: terms),
                RollbackRequest()
            ),
            DescribedType("ConfirmTerms", terms, ConfirmTerms()),
            DescribedType("ConfigurationFiles", ConfigurationFiles(files: []), ConfigurationFiles(files: [])),
            DescribedType("ConfigurationFile", file, file),
            DescribedType(
                "RouteQuestion",
                RouteQuestion(
                    destination: address,
                    source: address,
                    inputDevice: "",
                    mark: 1,
                    transport: "",
                    sourcePort: 1,
                    destinationPort: 1
                ),
                RouteQuestion(destination: address)
            ),
            DescribedType(
                "ModelQuestion",
                ModelQuestion(
                    prompt: "",
                    model: "",
                    key: "",
                    schema: true,
                    image: true,
                    audio: true,
                    file: true,
                    thinking: true,
                    maxTokens: 1,
                    user: "",
                    source: "",
                    headers: []
                ),
                bareModel
            ),
            DescribedType("AdminRequest", admin, admin),
            DescribedType("UsageQuestion", UsageQuestion(by: ["key"], since: "", until: ""), UsageQuestion()),
            DescribedType(
                "KeyWish",
                {
                    var wish = KeyWish(name: "", team: "", tags: [], models: [], expires: "")
                    (wish.requests, wish.tokens, wish.streams, wish.budget) = ("", "", 1, "")
                    return wish
                }(),
                KeyWish(name: "")
            ),
            DescribedType("KeyRotation", KeyRotation(name: "", grace: .zero), KeyRotation(name: "")),
            DescribedType("KeyRevocation", KeyRevocation(name: ""), KeyRevocation(name: "")),
            DescribedType("ProbeWish", ProbeWish(member: ""), ProbeWish(member: "")),
            DescribedType("FlowsWish", FlowsWish(member: ""), FlowsWish(member: "")),
        ]
    }()

    private static let usage: [DescribedType] = [
        DescribedType("UsageReply", Samples.usage, Samples.usage),
        DescribedType("UsageRow", Samples.usage.total, Samples.usage.total),
        DescribedType("UsageForecast", Samples.usage.forecast, Samples.usage.forecast),
    ]

    private static let replies: [DescribedType] = {
        let plane = StatusReply.PlaneStatus(groups: 1, membersUp: 1, members: 1)
        var status = Samples.status
        (status.network, status.models) = (plane, plane)
        (status.trial, status.fileDiffers) = (Samples.trial, "")
        var bareStatus = status
        (bareStatus.network, bareStatus.models) = (nil, nil)
        (bareStatus.configuration, bareStatus.trial, bareStatus.fileDiffers) = (nil, nil, nil)
        let plan = PlanReply(changes: [], conflicts: [], pending: [], overrides: [])
        let change = { (cause: String?) in PlanReply.Change(verb: "", kind: "", object: "", cause: cause) }
        let bareApply = ApplyReply(
            generation: 1,
            configuration: 1,
            changes: 1,
            accepted: 1,
            refused: [],
            conflicts: [],
            pending: []
        )
        var apply = bareApply
        apply.trial = Samples.trial
        let confirmed = ConfirmReply(configuration: 1, words: "")
        let explanation = ExplainReply(answer: "", works: true, steps: [], wouldChange: [])
        let admin = AdminReply(member: "", admin: "", words: "")
        let event = WatchEvent(at: 1, kind: "", words: "", fields: [])
        let field = WatchEvent.Field("", "")
        let bareRequest = ProbeReply.Request(scope: "", kind: "", target: "", source: nil, device: nil, mark: nil)
        var request = ProbeReply.Request(scope: "", kind: "", target: "", source: "", device: "", mark: "")
        (request.detail, request.roundTrip, request.clock) = ("", .zero, "")
        let probed = ProbeReply(member: "", requests: [])
        let flows = FlowsReply(member: "", ipv4: 1, ipv6: 1)
        let top = TopReply(at: 1, rows: [])
        return [
            DescribedType("Flows", flows, flows),
            DescribedType("Top", top, top),
            DescribedType("ProbeReply", probed, probed),
            DescribedType("ProbeRequest", request, bareRequest),
            DescribedType("Status", status, bareStatus),
            DescribedType("PlaneStatus", plane, plane),
            DescribedType("Plan", plan, plan),
            DescribedType("PlanChange", change(""), change(nil)),
            DescribedType("Apply", apply, bareApply),
            DescribedType("Trial", Samples.trial, Samples.trial),
            DescribedType("Confirmed", confirmed, confirmed),
            DescribedType("Explanation", explanation, explanation),
            DescribedType("ExplanationStep", ExplainReply.Step("", "", cause: ""), ExplainReply.Step("", "")),
            DescribedType("Admin", admin, admin),
            DescribedType("WatchEvent", event, event),
            DescribedType("WatchField", field, field),
            DescribedType(
                "KeyReply",
                KeyReply(name: "", key: "", words: ""),
                KeyReply(name: "", key: nil, words: "")
            ),
            DescribedType("Error", ErrorReply(errors: [], hint: ""), ErrorReply(errors: [])),
        ]
    }()

    private static let rows: [DescribedType] = {
        var (group, member, route, probe, provider) = (
            Samples.group, Samples.member, Samples.route, Samples.probe, Samples.provider
        )
        (member.cause, probe.lastResult, probe.roundTrip, probe.lossPermille) = ("", "", .zero, 0)
        (probe.detail, probe.clock) = ("", "")
        (probe.latency, probe.percentile95, probe.jitter) = (.zero, .zero, .zero)
        (group.object, group.objectState) = ("", "")
        let share = ShareRow(
            member: "",
            weight: 1,
            reason: "",
            words: "",
            score: 1,
            buckets: 1,
            packets: 1,
            headroom: 1
        )
        (member.neighbour, route.offload) = ("", "")
        let full = (group, member, route, probe, provider)
        (group.object, group.objectState, route.table, route.priority) = (nil, nil, nil, nil)
        (group.activeTier, member.cause, member.mark, route.detail) = (nil, nil, nil, nil)
        (member.device, member.markMask, member.neighbour, route.offload) = (nil, nil, nil, nil)
        (probe.lastResult, probe.roundTrip, probe.lossPermille) = (nil, nil, nil)
        (probe.detail, probe.clock) = (nil, nil)
        (probe.latency, probe.percentile95, probe.jitter) = (nil, nil, nil)
        (provider.key, provider.path, provider.probe, provider.tried) = (nil, nil, nil, nil)
        let server = provider.server ?? ServerRow(models: [], running: nil, waiting: nil, readAgo: .zero)
        provider.server = nil
        var bareSession = Samples.bfd
        (bareSession.device, bareSession.diagnostic, bareSession.peerDiagnostic) = (nil, nil, nil)
        (bareSession.detection, bareSession.authentication) = (nil, nil)
        var bareChange = Samples.change
        (bareChange.process, bareChange.configuration, bareChange.state) = (nil, nil, nil)
        let bareTop = TopRow(plane: "", name: "", scope: "", admin: "", health: "", sharePermille: 0)
        let override = OverrideRow(plane: "", member: "", admin: "")
        let policy = PolicyRow(
            name: "",
            match: "",
            target: "",
            ipv4: "",
            ipv6: "",
            mark: "",
            table: 1,
            packets: 1,
            bytes: 1,
            cause: ""
        )
        var barePolicy = policy
        (barePolicy.mark, barePolicy.table, barePolicy.packets, barePolicy.bytes) = (nil, nil, nil, nil)
        let set = SetRow(name: "", source: "", ipv4: 0, ipv6: 0, state: "", detail: "", cause: "")
        var bareSet = set
        bareSet.detail = nil
        return [
            DescribedType("PolicyRow", policy, barePolicy),
            DescribedType("SetRow", set, bareSet),
            DescribedType("GroupRow", full.0, group),
            DescribedType("ShareRow", share, group.shares[1]),
            DescribedType("MemberRow", full.1, member),
            DescribedType("ObjectRow", full.2, route),
            DescribedType("ProbeRow", full.3, probe),
            DescribedType("TopRow", Samples.top, bareTop),
            DescribedType("BFDRow", Samples.bfd, bareSession),
            DescribedType("ProviderRow", full.4, provider),
            DescribedType("ServerRow", server, ServerRow(models: [], running: nil, waiting: nil, readAgo: .zero)),
            DescribedType("ServedModelRow", server.models[0], ServerRow.Model(name: "", context: nil, loaded: false)),
            DescribedType("OverrideRow", override, override),
            DescribedType("KeyRow", Samples.key, KeyRow(name: "", origin: "", state: "")),
            DescribedType("HistoryRow", Samples.change, bareChange),
        ]
    }()
}
