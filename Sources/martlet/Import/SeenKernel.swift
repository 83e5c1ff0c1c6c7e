/// What of the kernel an imported file is made from, apart from how it was read.
import Forwarding
import Kernel
import NetTypes

struct SeenKernel {
    var links: [Link] = []
    var routes: [ListedRoute] = []
    var rules: [Rule] = []

    init(links: [Link], routes: [ListedRoute], rules: [Rule]) {
        (self.links, self.routes, self.rules) = (links, routes, rules)
    }

    /// Asks the kernel; needs no privilege.
    static func read() throws(CommandError) -> SeenKernel {
        do throws(NetlinkFailure) {
            let snapshot = try KernelSnapshot.read(markTable: nil)
            return SeenKernel(
                links: snapshot.reports.compactMap { if case .link(let link) = $0 { link } else { nil } },
                routes: try ListedRoute.read(),
                rules: snapshot.reports.compactMap { if case .rule(let rule) = $0 { rule } else { nil } }
            )
        } catch {
            throw .failed("the kernel cannot be read: \(error)")
        }
    }

    func name(of interface: UInt32) -> String? { links.first { $0.index == interface }?.name }
}

/// Whose is a route or a rule? Numbers of `/etc/iproute2/rt_protos`, with which the kernel's own end at 4.
enum RouteOwner {
    static let kernel: UInt8 = 2
    static let dhcp: UInt8 = 16
    static let routerAdvertisement: UInt8 = 9

    /// Protocols whose routes somebody configured or the system learnt, and that a file can take over; the others belong to
    /// routing daemons.
    static let takenOver: Set<UInt8> = [3, 4, routerAdvertisement, dhcp]

    static func name(_ number: UInt8) -> String {
        let known: [UInt8: String] = [
            0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra", 10: "mrt",
            11: "zebra",
            12: "bird", 14: "xorp", 15: "ntk", 16: "dhcp", 17: "mrouted", 18: "keepalived", 42: "babel", 84: "ovn",
            99: "openr", 186: "bgp", 187: "isis", 188: "ospf", 189: "rip", 192: "eigrp",
        ]
        return known[number] ?? "\(number)"
    }
}
