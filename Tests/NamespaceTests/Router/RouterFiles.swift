/// Which configurations do the router's tests run by?
import Lab

enum RouterFile {
    /// Every 40 ms, three failures of 30 ms each: 150 ms until a silent death is known, and no test waits for long.
    static let interval = 40.0
    static let timeout = 30.0
    static let downAfter = 3
    /// Issue 2: interval × down-after + timeout + 50 ms.
    static let bound = interval * Double(downAfter) + timeout + 50

    /// Both providers of a `Site`, 3 to 1, in both families, watched by pings of the far side.
    ///
    /// - Parameters:
    ///   - routes: lines under `routes` besides the default.
    ///   - whenAllDown: the group's rule.
    ///   - weights: of fiber and cable.
    static func site(
        routes: [String] = [],
        whenAllDown: String = "keep-last",
        cable: Bool = true,
        flows: String = "hash",
        weights: (Int, Int) = (3, 1)
    ) -> String {
        let members = [
            "fiber: { dev: eth0, via: { v4: 203.0.113.1, v6: fe80::1 }, weight: \(weights.0), probe: far }",
            "cable: { dev: eth1, via: { v4: 198.51.100.1, v6: fe80::1 }, weight: \(weights.1), probe: far }",
        ].prefix(cable ? 2 : 1)
        return """
            version: 1
            network:
              probes:
                far: { icmp: [192.0.2.53, "2001:db8:53::53"], every: 40ms, timeout: 30ms, down-after: 3, up-after: 3 }
              groups:
                wan:
                  when-all-down: \(whenAllDown)
                  flows: \(flows)
                  members:
            \(members.map { "        \($0)" }.joined(separator: "\n"))
              routes:
                default: wan

            """ + routes.map { "    \($0)\n" }.joined()
    }

    /// Devices as members of one group, each by the gateway that is learnt on it.
    static func automatic(_ devices: [String]) -> String {
        """
        version: 1
        network:
          groups:
            wan:
              members:
        \(devices.map { "        \($0): { dev: \($0), via: auto }" }.joined(separator: "\n"))
          routes:
            default: wan

        """
    }

    /// The uplinks of a `RouterOnly` as one group without probes: only links and addresses decide.
    static func links(whenAllDown: String = "keep-last", routes: [String] = []) -> String {
        """
        version: 1
        network:
          groups:
            wan:
              when-all-down: \(whenAllDown)
              members:
                first: { dev: eth0, via: { v4: 203.0.113.1, v6: fe80::1 }, weight: 3 }
                second: { dev: eth1, via: { v4: 203.0.113.9, v6: fe80::1 }, weight: 1 }
          routes:
            default: wan
            10.20.0.0/16: { via: 203.0.113.1 }
            192.0.2.128/25: blackhole
            "2001:db8:dead::/48": unreachable

        """ + routes.map { "    \($0)\n" }.joined()
    }
}
