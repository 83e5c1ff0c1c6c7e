/// libFuzzer's entry for netlink messages: whatever bytes come, none stops the process; and what can be sent by us reads back as it was.
import Forwarding
import NetTypes

@testable import Kernel

/// The messages that carry objects, and the answer to a request: links, addresses, routes, rules, next hops, `NLMSG_ERROR`.
private let types: [UInt16] = [16, 17, 20, 21, 24, 25, 32, 33, 104, 105, 2]

/// One input: read as messages; what it describes is sent and read back.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKernelMessages(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // The first byte chooses: a frame around the rest, so that the payload's readers are reached, or the rest as it is.
    let choice = Int(bytes.first ?? 0)
    let rest = Array(bytes.dropFirst())
    let datagram = choice < 128 ? framed(types[choice % types.count], flags: UInt16(choice) << 4, rest) : rest
    for report in read(datagram) { checkRoundTrip(report) }
    return 0
}

private func read(_ bytes: [UInt8]) -> [KernelReport] {
    var reader = ReportReader()
    var messages = MessageCursor()
    var reports: [KernelReport] = []
    let span = bytes.span.bytes
    while let message = try? messages.next(in: span) {
        _ = try? AnswerEnd(message, in: span)
        _ = try? ListedRoute(message, in: span)
        if let report = try? reader.report(message, in: span) { reports.append(report) }
    }
    return reports + reader.settle()
}

private func checkRoundTrip(_ report: KernelReport) {
    let operation: KernelChange.Operation
    switch report {
    case .route(let route) where route.action.isMadeByUs: operation = .setRoute(route)
    case .rule(let rule) where !rule.hasOtherSelectors: operation = .addRule(rule)
    case .nexthop(let nexthop): operation = .setNexthop(nexthop)
    default: return
    }
    var encoder = MessageEncoder(capacity: 1 << 17)
    guard encoder.append(operation, sequence: 1) else { return }
    let again = read(encoder.withBytes { Array($0) })
    if case .nexthop(let nexthop) = report, case .group = nexthop.kind {
        // A group's family comes from its members, which are not in this message.
        precondition(again.count == 1)
    } else {
        precondition(again == [report], "\(report) was read back as \(again)")
    }
}

private func framed(_ type: UInt16, flags: UInt16, _ payload: [UInt8]) -> [UInt8] {
    var header: [UInt8] = []
    for value in [UInt32(payload.count + 16), UInt32(flags) << 16 | UInt32(type), 0, 0] {
        header += (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    return header + payload
}
