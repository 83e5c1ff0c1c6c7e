/// Fuzzes what the daemon reads of a gateway's segments: no input may stop it, what is read as a row is written as the same, and cutting
/// the input changes nothing of the rows before the cut.
import Inference

/// Also the input as the bodies of records whose checks are right.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLedger(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    if let row = LedgerRow(bytes: bytes[...]) { precondition(LedgerRow(bytes: row.bytes[...]) == row) }
    _ = LedgerSegment.read(head: bytes)
    var segment: [UInt8] = []
    for start in stride(from: 0, to: count, by: 160) {
        let body = Array(bytes[start..<min(start + 160, count)])
        let check = body.withUnsafeBytes { LedgerSegment.check($0, segment: 3, epoch: 1) }
        for shift in 0..<8 { segment.append(UInt8(truncatingIfNeeded: UInt64(body.count) >> UInt64(8 * shift))) }
        for shift in 0..<8 { segment.append(UInt8(truncatingIfNeeded: check >> UInt64(8 * shift))) }
        segment += body + Array(repeating: 0, count: LedgerSegment.padded(body.count) - body.count)
    }
    for input in [bytes, segment] {
        let whole = LedgerScan(input, from: .start, segment: 3, isRest: true)
        let cut = LedgerScan(Array(input[..<(input.count / 2)]), from: .start, segment: 3, isRest: false)
        precondition(whole.rows.starts(with: cut.rows))
        precondition(whole.position.offset <= input.count)
        let rest = Array(input[cut.position.offset...])
        let second = LedgerScan(rest, from: cut.position, segment: 3, isRest: true)
        precondition(cut.rows + second.rows == whole.rows)
    }
    return 0
}
