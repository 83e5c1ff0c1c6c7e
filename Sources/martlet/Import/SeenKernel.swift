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
            let snapshot = try KernelSnapshot.read(table: nil)
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

/// Whose routes does a file take over?
enum RouteOwner {
    static let dhcp: UInt8 = 16
    static let routerAdvertisement: UInt8 = 9

    /// Protocols whose routes somebody configured or the system learnt, and that a file can take over; the others belong to
    /// routing daemons.
    static let takenOver: Set<UInt8> = [3, 4, routerAdvertisement, dhcp]
}
