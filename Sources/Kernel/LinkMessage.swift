/// How a network interface stands in netlink bytes (`struct ifinfomsg`, rtnetlink(7)).
import CShim
import Forwarding

private enum LinkAttribute {
    static let name = UInt16(IFLA_IFNAME)
    static let extensionMask = UInt16(IFLA_EXT_MASK)
}

/// `IFF_*` of linux/if.h, which cannot be included beside libc's net/if.h.
private enum InterfaceFlag {
    static let up: UInt32 = 1 << 0
    static let loopback: UInt32 = 1 << 3
    static let pointToPoint: UInt32 = 1 << 4
    static let lowerUp: UInt32 = 1 << 16
}

extension MessageEncoder {
    /// Asks for all links, without their statistics.
    mutating func dumpLinks(sequence: UInt32) -> Bool {
        begin(Int(RTM_GETLINK), flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
        for _ in 0..<4 { put(UInt32(0)) }
        attribute(LinkAttribute.extensionMask, UInt32(RTEXT_FILTER_SKIP_STATS))
        return finish()
    }
}

/// The report that an `RTM_NEWLINK` or `RTM_DELLINK` message carries.
///
/// Nil for messages of another family: a bridge announces with `AF_BRIDGE` that a port left *it*, which is not the link's end.
func linkReport(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) -> KernelReport? {
    var attributes = try AttributeCursor(message.payload, after: 16)
    let start = message.payload.lowerBound
    guard bytes.load(start, as: UInt8.self) == FamilyNumber.unspecified else { return nil }
    let index = bytes.load(start + 4, as: UInt32.self)
    guard Int(message.type) == Int(RTM_NEWLINK) else { return .linkGone(index: index) }
    let flags = bytes.load(start + 8, as: UInt32.self)
    var name = ""
    while let attribute = try attributes.next(in: bytes) {
        if attribute.type == LinkAttribute.name { name = bytes.text(attribute) }
    }
    return .link(
        Link(
            index: index,
            name: name,
            isUp: flags & InterfaceFlag.up != 0,
            hasCarrier: flags & InterfaceFlag.lowerUp != 0,
            isLoopback: flags & InterfaceFlag.loopback != 0,
            isPointToPoint: flags & InterfaceFlag.pointToPoint != 0
        )
    )
}
