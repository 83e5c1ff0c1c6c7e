/// Which configuration do the model plane's tests run by? The parts that one test or another changes are values of it.
import Lab

struct ModelsFile {
    /// Where clients reach the gateway: an address, or a map in braces.
    var listen = ["\(Site.lan.v4):\(ModelsSite.port)"]
    /// Lines of `models.providers`.
    var providers: [String] = []
    /// Lines of `models.groups`.
    var groups: [String] = []
    /// Lines of `models.policies`.
    var policies: [String] = []
    /// The names of the client keys; each key is `ModelsSite.clientKey` of its name.
    var keys = ["ci"]
    /// How soon a silent uplink is noticed.
    var probe = "every: 100ms, timeout: 80ms, down-after: 3, up-after: 2"
    /// The tiers of the two uplinks: with unequal ones the path of every request is certain.
    var tiers = (fiber: 1, cable: 2)

    /// Short, so that a provider that hangs costs a test little; `down-after` so large that only real traffic's verdict on this very
    /// request counts.
    static let patient = "down-after: 1000, down-at: { failures: 1 }"
    static let timeouts =
        "timeouts: { connect: 400ms, head: 250ms, first-token: 400ms, between-tokens: 500ms, total: 60s }"

    /// A line for a group whose members stand in for one another in this order.
    static func group(_ name: String, _ members: [(provider: String, model: String)], _ more: String = patient)
        -> String
    {
        let lines = members.enumerated().map { number, member in
            "\(words[number]): { provider: \(member.provider), model: \(member.model), tier: \(number + 1) }"
        }
        return "\(name): { strategy: weighted, members: { \(lines.joined(separator: ", ")) }, \(timeouts), \(more) }"
    }

    static let words = ["first", "second", "third"]

    func text(socket: String) -> String {
        """
        version: 1
        network:
          probes:
            internet: { icmp: [\(Site.targets[0].v4), "\(Site.targets[0].v6)"], need: 1, \(probe) }
          groups:
            wan:
              members:
                fiber: { dev: eth0, via: { v4: 203.0.113.1, v6: fe80::1 }, tier: \(tiers.fiber), probe: internet }
                cable: { dev: eth1, via: { v4: 198.51.100.1, v6: fe80::1 }, tier: \(tiers.cable), probe: internet }
              when-all-down: keep-last
          routes:
            default: wan
        models:
          listen: [\(listen.map { $0.hasPrefix("{") ? $0 : "\"\($0)\"" }.joined(separator: ", "))]
          providers:
        \(lines(providers))
          groups:
        \(lines(groups))
          policies: [\(policies.joined(separator: ", "))]
          keys:
        \(lines(keys.map { "\($0): { hash: \"sha256:\(ModelsSite.hash(ofClientKey: $0))\", team: platform, tags: [batch, night] }" }))
        control: { socket: \(socket) }

        """
    }

    private func lines(_ entries: [String]) -> String { entries.map { "    \($0)" }.joined(separator: "\n") }
}
