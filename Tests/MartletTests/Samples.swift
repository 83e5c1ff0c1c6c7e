/// One of each thing the daemon answers with.
import Control
import Inference
import NetTypes

enum Samples {
    static let group = GroupRow(
        plane: "network",
        name: "wan",
        strategy: "weighted",
        scope: "ipv4",
        activeTier: 1,
        state: "carrying",
        shares: [
            ShareRow(member: "fiber", weight: 3, reason: "eligible", words: "up for 3 h", score: 830_000),
            ShareRow(member: "cable", weight: 1, reason: "eligible", words: "up for 3 h"),
            ShareRow(member: "lte", weight: 0, reason: "standby", words: "tier 2 waits"),
        ],
        cause: "martlet.yaml:14"
    )

    static let member = MemberRow(
        plane: "network",
        name: "wan.fiber",
        scope: "ipv4",
        admin: "up",
        health: "up",
        since: .seconds(3 * 3600 + 12 * 60),
        cause: nil,
        tier: 1,
        weight: 3,
        sharePermille: 750,
        wayOut: "eth0 via 203.0.113.1",
        mark: "0x1000000",
        place: "martlet.yaml:17",
        device: "eth0",
        markMask: "0xff000000"
    )

    static let route = ObjectRow(
        kind: "route",
        object: "192.0.2.0/24",
        family: "ipv4",
        table: 254,
        priority: 77,
        action: "blackhole",
        state: "failed",
        detail: "Network is down",
        cause: "martlet.yaml:32"
    )

    static let probe = ProbeRow(
        name: "internet",
        member: "wan.fiber",
        scope: "ipv4",
        kind: "icmp",
        targets: ["192.0.2.53", "198.51.100.53"],
        interval: .milliseconds(200),
        timeout: .milliseconds(150),
        downAfter: 3,
        upAfter: 5,
        lastResult: nil,
        detail: nil,
        roundTrip: nil,
        clock: nil,
        lossPermille: nil,
        sent: 0,
        latency: nil,
        percentile95: nil,
        jitter: nil,
        place: "martlet.yaml:5"
    )

    static let top = {
        var row = TopRow(
            plane: "network",
            name: "wan.fiber",
            scope: "ipv4",
            admin: "up",
            health: "up",
            sharePermille: 750
        )
        (row.roundTrip, row.lossPermille, row.packets) = (.milliseconds(12), 5, 1000)
        (row.device, row.bytesIn, row.bytesOut, row.requests) = ("eth0", 1_000_000, 50_000, 7)
        return row
    }()

    static let bfd = {
        var row = BFDRow(
            member: "wan.fiber",
            scope: "ipv4",
            peer: "203.0.113.1",
            state: "up",
            seconds: 12,
            peerState: "up"
        )
        (row.device, row.diagnostic, row.peerDiagnostic) = ("eth0", "path down", "path down")
        (row.detection, row.authentication) = (.milliseconds(150), "keyed-sha1")
        return row
    }()

    static let provider = ProviderRow(
        name: "openai",
        dialect: "openai",
        url: "https://api.openai.com/v1",
        key: "credential openai",
        path: "wan",
        probe: "tcp: up for 3 min (wan.fiber 12 ms)",
        tried: "never",
        members: ["chat.spare"],
        place: "martlet.yaml:50",
        server: ServerRow(
            models: [.init(name: "llama", context: 8192, loaded: true)],
            running: 3,
            waiting: 1,
            readAgo: .milliseconds(1500)
        )
    )

    static let key = {
        var row = KeyRow(name: "ci", origin: "stored", state: "valid", tags: ["batch"])
        (row.team, row.models, row.expires, row.formerUntil) = ("platform", ["chat"], 1, 2)
        (row.lastUsed, row.createdAt, row.createdBy, row.place) = (3, 4, "root", "martlet.yaml:52")
        (row.limits, row.budget, row.spent) = ("10 req/s", "20.00 USD/day", "0.50 USD")
        return row
    }()

    static let status = StatusReply(
        version: "0.1.0",
        startedAt: 1_000_000,
        generation: 4,
        files: ["/etc/martlet/martlet.yaml"],
        network: .init(groups: 1, membersUp: 2, members: 3),
        models: nil,
        gateway: "none",
        groups: [group],
        alarms: [],
        configuration: 7
    )

    static let trial = TrialRow(configuration: 8, previous: 7, until: 1, remaining: .seconds(60), reasons: [""])

    static let change = HistoryRow(
        at: 1,
        user: "root",
        process: 7,
        what: "apply",
        result: "1 change",
        configuration: 8,
        isKept: true,
        state: "on trial"
    )

    /// From a line as the daemon sends it; the model's name is what a stranger might write.
    static let decision: DecisionRecord = {
        let text = #"""
            {"id":"0123456789abcdef01234567","startedAt":5000000000,"startedUnix":1795000000000000,"duration":1250000000,
            "key":"ci","requestedModel":"chat\n!","policy":"default","group":"chat","isStreamed":true,"draw":7,
            "generation":4,"candidates":[],"usage":{},"outcome":"answered","status":200,"bytesToClient":100,"attempts":[
            {"member":"chat.big","upstreamModel":"claude","endpoint":"a:443","reusedConnection":false,"startedAfter":0,
            "failure":"overloaded","bytesSent":1,"bytesReceived":2},
            {"member":"chat.spare","path":"wan.cable","upstreamModel":"gpt","endpoint":"b:443","reusedConnection":false,
            "startedAfter":1000,"bytesSent":1,"bytesReceived":2}]}
            """#
        return try! ControlJSON.decode(DecisionRecord.self, from: Array(text.utf8))
    }()
}
