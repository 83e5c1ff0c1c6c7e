/// Fuzzes what comes in on BFD sockets: no input may stop the process, what is read as a packet is written as the same, and no
/// packet that lacks the key changes a session that has one.
import Liveness
import NetTypes
import PolicyEngine

private let start = Instant(nanoseconds: 1_000_000_000_000)
private let peer = IPAddress(v4: 0xCB00_7101)

/// One session, with a key or without.
private func table(_ key: BFDKey?) -> BFDTable {
    let subject = BFDSubject(
        members: ["wan.fiber"],
        scope: .v4,
        device: "eth0",
        peer: peer,
        parameters: BFDParameters(
            transmit: .milliseconds(50),
            receive: .milliseconds(50),
            multiplier: 3,
            isPassive: false
        ),
        authentication: key.map { BFDAuthenticationPlan(type: $0.type, keyID: $0.keyID, key: .environment("KEY")) },
        upAfter: .zero
    )
    var table = BFDTable(chance: KeyedHash(key0: 1, key1: 2))
    _ = table.configure([BFDTable.Order(subject, key: key)], at: start)
    return table
}

/// The input as it is for a session without a key, and once for each kind of key, time passing from one to the next.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBFD(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    if let packet = try? BFDPacket(bytes.span.bytes) {
        let again = packet.bytes
        precondition((try? BFDPacket(again.span.bytes)) == packet)
        precondition(bytes.starts(with: again[..<3]))
    }
    var open = table(nil)
    var now = start
    // Pieces of the input as packets in a row.
    for piece in stride(from: 0, to: count, by: 24) {
        now = now + .milliseconds(7)
        let part = Array(bytes[piece..<min(piece + 52, count)])
        _ = open.received(part.span.bytes, from: peer, on: "eth0", at: now)
        _ = open.due(at: now, horizon: now)
        _ = open.reports(at: now)
    }
    for type in [BFDAuthenticationType.keyedMD5, .meticulousMD5, .keyedSHA1, .meticulousSHA1] {
        guard let key = BFDKey(type, keyID: 1, secret: [1, 2, 3]) else { continue }
        var closed = table(key)
        _ = closed.received(bytes.span.bytes, from: peer, on: "eth0", at: start)
        precondition(closed.session(0)?.lastReceived == nil)
    }
    return 0
}
