/// Which flags of a route or a next hop say what forwarding hardware made of it?
import CShim
import Forwarding
import NetTypes

/// Of an `RTM_NEWROUTE` message: `rtm_flags`.
func routeOffload(_ message: Message, in bytes: RawSpan) -> Offload {
    let flags = flags(of: message, at: 8, in: bytes)
    var offload: Offload = []
    if flags & UInt32(RTM_F_OFFLOAD) != 0 { offload.insert(.offloaded) }
    if flags & UInt32(RTM_F_TRAP) != 0 { offload.insert(.trapped) }
    if flags & UInt32(RTM_F_OFFLOAD_FAILED) != 0 { offload.insert(.failed) }
    return offload
}

/// Of an `RTM_NEWNEXTHOP` message: `nh_flags`.
func nexthopOffload(_ message: Message, in bytes: RawSpan) -> Offload {
    let flags = flags(of: message, at: 4, in: bytes)
    var offload: Offload = []
    if flags & UInt32(RTNH_F_OFFLOAD) != 0 { offload.insert(.offloaded) }
    if flags & UInt32(RTNH_F_TRAP) != 0 { offload.insert(.trapped) }
    return offload
}

/// The word at this place of the header; none of a message that ends before it.
private func flags(of message: Message, at offset: Int, in bytes: RawSpan) -> UInt32 {
    guard message.payload.count >= offset + 4 else { return 0 }
    return bytes.load(message.payload.lowerBound + offset, as: UInt32.self)
}
