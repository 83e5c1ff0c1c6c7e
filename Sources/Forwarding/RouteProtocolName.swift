/// Whose are routes, rules and next hops of a protocol number? The names that iproute2 gives them (`/etc/iproute2/rt_protos`).
package enum RouteProtocolName {
    /// What the kernel makes by itself (`RTPROT_KERNEL`).
    package static let kernel: UInt8 = 2

    private static let known: [UInt8: String] = [
        0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra", 10: "mrt", 11: "zebra",
        12: "bird", 14: "xorp", 15: "ntk", 16: "dhcp", 17: "mrouted", 18: "keepalived", 42: "babel", 84: "ovn",
        99: "openr", 186: "bgp", 187: "isis", 188: "ospf", 189: "rip", 192: "eigrp",
    ]

    /// The name, or the number where it has none.
    package static func of(_ number: UInt8) -> String { known[number] ?? "\(number)" }
}
