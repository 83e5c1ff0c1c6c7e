/// Settings of the kernel that we depend on and never set ourselves.
import ConfigSyntax
import Forwarding
import NetTypes

extension Doctor {
    var sysctls: [Finding] { reversePath + hashing + forwarding + routerAdvertisements }

    private func set(_ path: String, _ value: Int) -> String { "sysctl -w \(path)=\(value)" }

    /// The kernel takes the higher of `all` and the device's own; only 1 is strict.
    private var reversePath: [Finding] {
        guard facts.memberDevices.count > 1 else { return [] }
        let all = facts.sysctls["net/ipv4/conf/all/rp_filter"] ?? 0
        return facts.memberDevices.compactMap { device in
            let path = "net/ipv4/conf/\(device)/rp_filter"
            guard let own = facts.sysctls[path], max(all, own) == 1 else { return nil }
            return Finding(
                "rp-filter",
                .fights,
                "\(device) drops packets whose source is reached best by another uplink (strict reverse-path filter): replies, and "
                    + "probes by it, are lost",
                fix: set(path, 2)
            )
        }
    }

    private var hashing: [Finding] {
        guard !facts.sharing.isEmpty else { return [] }
        var found = [("IPv4", "net/ipv4/fib_multipath_hash_policy"), ("IPv6", "net/ipv6/fib_multipath_hash_policy")]
            .compactMap { family, path in
                facts.sysctls[path] == 0
                    ? Finding(
                        "hash-policy",
                        .note,
                        "\(family) chooses a next hop by addresses alone: all flows between two hosts take one uplink, whatever "
                            + "the weights say",
                        fix: set(path, 1)
                    ) : nil
            }
        if facts.sysctls["net/ipv4/nexthop_compat_mode"] == 1 {
            found.append(
                Finding(
                    "nexthop-compat",
                    .note,
                    "the kernel announces every route of a group that changes: with a million routes a failover holds its routing "
                        + "lock for most of a second",
                    fix: set("net/ipv4/nexthop_compat_mode", 0)
                )
            )
        }
        return found
    }

    private var forwarding: [Finding] {
        guard facts.network != nil else { return [] }
        return [("IPv4", "net/ipv4/ip_forward"), ("IPv6", "net/ipv6/conf/all/forwarding")].compactMap { family, path in
            facts.sysctls[path] == 0
                ? Finding(
                    "forwarding",
                    .note,
                    "\(family) packets of other hosts are not forwarded; right for a host that only picks its own way out",
                    fix: set(path, 1)
                ) : nil
        }
    }

    /// With forwarding on, 1 means no; the default route that was learnt runs out within minutes.
    private var routerAdvertisements: [Finding] {
        facts.memberDevices.compactMap { device in
            let path = "net/ipv6/conf/\(device)/accept_ra"
            guard facts.sysctls["net/ipv6/conf/\(device)/forwarding"] == 1, facts.sysctls[path] == 1 else { return nil }
            let follows = (facts.network?.groups ?? []).flatMap(\.members).contains {
                $0.isAuto && $0.device?.value == device
            }
            return Finding(
                "accept-ra",
                follows ? .fights : .note,
                "\(device) forwards, and so takes no router advertisements: an IPv6 gateway that was learnt there runs out",
                fix: set(path, 2)
            )
        }
    }
}
