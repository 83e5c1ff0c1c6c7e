/// Whether what a member stands on is there: its device, with carrier, with an address of the family.
package import NetTypes
package import PolicyEngine

package enum Absence {
    package static let noDevice = Cause("no-device")
    package static let linkDown = Cause("link-down")
    package static let noCarrier = Cause("no-carrier")
    package static let noAddress = Cause("no-address")
    /// No connected network contains the gateway, so no device can be told.
    package static let notConnected = Cause("not-connected")
    /// `via: auto`, and nobody has put a default route on the device.
    package static let noGatewayLearnt = Cause("no-gateway-learnt")
    /// The route's `src` is no address of this host.
    package static let noSourceAddress = Cause("no-source-address")
    /// The gateway is reached through a group, and a group cannot hold a group.
    package static let overGroup = Cause("only-over-a-group")
    /// Gateways that are reached through each other.
    package static let circle = Cause("gateways-in-a-circle")
    /// The kernel does not take its next hop; its words stand with the refused change.
    package static let refused = Cause("refused-by-kernel")
    /// A stranger holds the number of its next hop.
    package static let taken = Cause("number-taken-by-stranger")
    /// The file of a feed has not been read.
    package static let unread = Cause("not-read")
    /// What a feed uses has no next hop of the family.
    package static let noFamily = Cause("no-next-hop-of-family")
    /// The ownership window has no number left for it.
    package static let noNumber = Cause("no-number-left")
}

extension KernelView {
    /// Why next hops of the family on the device cannot be programmed, or nil when they can (facts 1 and 16).
    package func absence(of device: String, _ family: AddressFamily) -> Cause? {
        guard let link = link(named: device) else { return Absence.noDevice }
        if !link.isUp { return Absence.linkDown }
        if !link.hasCarrier { return Absence.noCarrier }
        let hasAddress = addresses.contains { $0.interface == link.index && $0.address.family == family }
        return hasAddress ? nil : Absence.noAddress
    }

    /// The usable link whose connected network contains the address most closely.
    package func link(towards address: IPAddress) -> Link? {
        addresses.filter { $0.connected.contains(address) }
            .sorted { ($1.prefixLength, $0.interface) < ($0.prefixLength, $1.interface) }
            .lazy.compactMap { links[$0.interface] }
            .first { $0.isUsable && !$0.isLoopback }
    }
}
