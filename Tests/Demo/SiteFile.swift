import Lab

/// What does the demo's configuration say? One file for both planes, with the numbers that its expectations are computed from.
struct SiteFile {
    /// Milliseconds between two rounds of a probe, and until one is given up.
    static let probeEvery = 200
    static let probeTimeout = 150
    /// Rounds without an answer that take an uplink out, and with one that bring it back.
    static let downAfter = 3
    static let upAfter = 5
    /// Milliseconds a provider has for the head of its answer.
    static let headTimeout = 1000
    /// Failures in a row that take a deployment out.
    static let failures = 2

    static let port = 8080
    /// The only client's key; the file holds its SHA-256.
    static let clientKey = "demo-key"
    private static let clientKeyHash = "c48a01f49fd0f2cc404bc3cbbc80e91457a3d41bb429a695243de4c61794155c"

    /// Within which a silent death must have moved all packets: detection at worst, and 50 ms to act (issue 2, docs/architecture.md).
    static let packetGapBound = Double(probeEvery * downAfter + probeTimeout + 50)

    /// The file's text.
    ///
    /// - Parameter keys: the directory with the providers' keys.
    static func text(keys: String) -> String {
        network + models(keys: keys)
    }

    private static var network: String {
        let targets = Site.targets.flatMap { [$0.v4, "\"\($0.v6)\""] }.joined(separator: ", ")
        let uplinks = zip(["fiber", "cable"], ISP.allCases).map { name, isp in
            let via = "{ v4: \(isp.uplink.gateway.v4), v6: \"\(Uplink.gatewayLinkLocal)\" }"
            return "        \(name): { dev: \(isp.uplink.device), via: \(via), probe: internet }\n"
        }
        return """
            version: 1
            network:
              probes:
                internet:
                  icmp: [\(targets)]
                  every: \(probeEvery)ms
                  timeout: \(probeTimeout)ms
                  down-after: \(downAfter)
                  up-after: \(upAfter)
              groups:
                wan:
                  strategy: static # the first that can carries all
                  members:
            \(uplinks.joined())\
              routes:
                default: wan

            """
    }

    private static func models(keys: String) -> String {
        """
        models:
          listen: ["\(Site.lan.endpoint(.v4, port: port))", "\(Site.lan.endpoint(.v6, port: port))"]
          providers:
            alpha: { dialect: openai, url: "http://\(Site.providers[0].v4)/v1", key: { file: \(keys)/alpha }, path: wan }
            beta: { dialect: anthropic, url: "http://[\(Site.providers[1].v6)]", key: { file: \(keys)/beta }, path: wan }
          groups:
            chat:
              members:
                first: { provider: alpha, model: gpt-5 }
                second: { provider: beta, model: claude-sonnet, tier: 2 }
              timeouts: { connect: 500ms, head: \(headTimeout)ms }
              down-after: \(failures)
              recover-after: 5s
          policies:
            - { name: default, match: any, use: chat }
          keys:
            newcomer: { hash: "sha256:\(clientKeyHash)", team: visitors }

        """
    }
}
