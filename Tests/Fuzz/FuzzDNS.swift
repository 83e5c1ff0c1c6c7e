/// Fuzzes what resolvers answer: no input may stop the process, and what is taken for a reply repeats the query's question.
import Liveness
import NetTypes

private let question = DNSQuestion(name: "example.com", type: .aaaa, expect: [IPAddress(v4: 1)])
private let query = DNSMessage.query(question, identifier: 0)

/// One input, as it stands and with the head and question of a right reply before it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDNS(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let buffer = UnsafeBufferPointer(start: data, count: count)
    check(Array(buffer))
    guard count >= 4 else { return 0 }
    var reply = query
    (reply[2], reply[3], reply[6], reply[7]) = (0x80 | buffer[0] & 0x07, buffer[1], buffer[2], buffer[3])
    check(reply + buffer.dropFirst(4))
    return 0
}

private func check(_ bytes: [UInt8]) {
    guard let reply = try? DNSMessage.reply(bytes.span.bytes, to: query) else { return }
    precondition(bytes.dropFirst(12).prefix(query.count - 12).elementsEqual(query.dropFirst(12)))
    // Sixteen bytes of address and twelve of the shortest name and record head.
    precondition(reply.addresses.count <= (bytes.count - query.count) / 27)
    _ = reply.fault(for: question)
}
