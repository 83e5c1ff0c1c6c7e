/// Fuzzes what neighbours on a link answer: no input may stop the process, and an ARP answer names the hardware that asked.
import Liveness
import NetTypes

private let own: [UInt8] = [2, 0, 0, 0, 0, 1]

/// One input, read as both families would read it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNeighbour(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let buffer = UnsafeBufferPointer(start: data, count: count)
    let raw = UnsafeRawBufferPointer(buffer).bytes
    guard let hardware = HardwareAddress(own) else { return 0 }
    if ARPMessage.answerer(raw, to: hardware, IPAddress(v4: 0)) != nil {
        precondition(buffer.dropFirst(18).prefix(6).elementsEqual(own))
    }
    if let answerer = NeighbourDiscovery.answerer(raw) {
        precondition(answerer.bytes16.elementsEqual(buffer.dropFirst(8).prefix(16)))
    }
    return 0
}
