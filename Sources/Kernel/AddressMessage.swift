/// How an address on an interface stands in netlink bytes (`struct ifaddrmsg`, rtnetlink(7)).
import CShim
import Forwarding
import NetTypes

private enum AddressAttribute {
    static let address = UInt16(IFA_ADDRESS)
    static let local = UInt16(IFA_LOCAL)
    static let flags = UInt16(IFA_FLAGS)
}

extension MessageEncoder {
    /// Asks for all addresses of a family.
    mutating func dumpAddresses(_ family: AddressFamily, sequence: UInt32) -> Bool {
        begin(Int(RTM_GETADDR), flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
        put(family.number)
        for _ in 0..<3 { put(UInt8(0)) }
        put(UInt32(0))
        return finish()
    }
}

/// The report that an `RTM_NEWADDR` or `RTM_DELADDR` message carries; nil for families other than IPv4 and IPv6.
func addressReport(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) -> KernelReport? {
    var attributes = try AttributeCursor(message.payload, after: 8)
    let start = message.payload.lowerBound
    guard let family = AddressFamily(number: bytes.load(start, as: UInt8.self)) else { return nil }
    var flags = UInt32(bytes.load(start + 2, as: UInt8.self))
    var address: IPAddress?
    var local: IPAddress?
    while let attribute = try attributes.next(in: bytes) {
        switch attribute.type {
        case AddressAttribute.address: address = try bytes.address(attribute)
        // Our own end of a point-to-point link; there IFA_ADDRESS is the peer's.
        case AddressAttribute.local: local = try bytes.address(attribute)
        case AddressAttribute.flags: flags = try bytes.number(attribute)
        default: break
        }
    }
    guard let own = local ?? address, own.family == family else { return nil }
    let report = InterfaceAddress(
        interface: bytes.load(start + 4, as: UInt32.self),
        address: own,
        prefixLength: bytes.load(start + 1, as: UInt8.self),
        isTentative: isTentative(flags),
        isDeprecated: flags & UInt32(IFA_F_DEPRECATED) != 0
    )
    return Int(message.type) == Int(RTM_NEWADDR) ? .address(report) : .addressGone(report)
}

/// An optimistic address (RFC 4429) may be a source while its detection still runs.
private func isTentative(_ flags: UInt32) -> Bool {
    if flags & UInt32(IFA_F_DADFAILED) != 0 { return true }
    return flags & UInt32(IFA_F_TENTATIVE) != 0 && flags & UInt32(IFA_F_OPTIMISTIC) == 0
}
