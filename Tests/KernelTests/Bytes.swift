import Forwarding
import NetTypes

@testable import Kernel

/// Bytes from hexadecimal digits; blanks and line ends are there for the reader.
func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }.map { UInt8($0.hexDigitValue!) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// A message of this type around a payload, as a kernel sends it.
func message(type: UInt16, flags: UInt16 = 0, sequence: UInt32 = 0, _ payload: [UInt8]) -> [UInt8] {
    little(UInt32(payload.count + 16)) + little(type) + little(flags) + little(sequence) + little(UInt32(0)) + payload
}

func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

/// The bytes one change is sent as, with sequence number 7.
func encoded(_ operation: KernelChange.Operation, capacity: Int = 4096) -> [UInt8]? {
    var encoder = MessageEncoder(capacity: capacity)
    guard encoder.append(operation, sequence: 7) else { return nil }
    return encoder.withBytes { Array($0) }
}

/// What a reader makes of these bytes: the reports, those that wait for a dump's end last.
func reports(_ bytes: [UInt8]) throws(MalformedMessage) -> [KernelReport] {
    var reader = ReportReader()
    var messages = MessageCursor()
    var reports: [KernelReport] = []
    let span = bytes.span.bytes
    while let message = try messages.next(in: span) {
        if let report = try reader.report(message, in: span) { reports.append(report) }
    }
    return reports + reader.settle()
}

func route(
    _ prefix: String,
    _ action: Route.Action,
    table: UInt32 = 7001,
    metric: UInt32 = 77,
    by routeProtocol: UInt8 = 219
) -> Route {
    let key = Route.Key(table: table, prefix: try! IPPrefix(parsing: prefix), metric: metric)
    return Route(key: key, action: action, routeProtocol: routeProtocol)
}

func nexthop(_ id: UInt32, _ family: AddressFamily, _ kind: Nexthop.Kind) -> Nexthop {
    Nexthop(id: NexthopID(id), family: family, kind: kind, routeProtocol: 219)
}

func member(_ id: UInt32, _ weight: UInt32) -> WeightedNexthop { WeightedNexthop(id: NexthopID(id), weight: weight) }
