/// Fuzzes what comes in on ICMP sockets: no input may stop the process, and what is taken for a reply carries its echo
/// at the place where a target puts it.
import Liveness
import NetTypes

/// One input, read as both families would read it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzICMP(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let buffer = UnsafeBufferPointer(start: data, count: count)
    let raw = UnsafeRawBufferPointer(buffer).bytes
    if case .reply(let echo)? = try? ICMPMessage(ipv4Packet: raw) {
        let message = buffer.dropFirst(Int(buffer[0] & 0xF) * 4).prefix(Echo.size)
        precondition(message.prefix(2).elementsEqual([0, 0]))
        // Not the checksum: in ones' complement zero has two forms, and both are right (RFC 1071).
        precondition(message.dropFirst(4).elementsEqual(echo.reply(.v4).dropFirst(4)))
    }
    if case .reply(let echo)? = try? ICMPMessage(icmpv6: raw) {
        // The checksum is the kernel's matter.
        precondition(buffer.dropFirst(4).elementsEqual(echo.reply(.v6).dropFirst(4)))
    }
    return 0
}
