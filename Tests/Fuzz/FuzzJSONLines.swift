@testable import Wire

/// libFuzzer's entry for lines of JSON: wherever the bytes are cut, the lines are those between LFs, and no byte is lost.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSONLines(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // The first byte says how large the pieces are.
    let size = Int(bytes.first ?? 0) + 1
    // The slow way: an end behind the last LF is no line.
    var expected = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    if expected.last?.isEmpty == true { expected.removeLast() }
    for piece in [size, max(bytes.count, 1)] {
        let lines = lines(of: bytes, piece: piece)
        let texts = lines.map { $0.raw.last == 0x0A ? Array($0.raw.dropLast()) : Array($0.raw) }
        guard texts == expected, lines.flatMap(\.raw) == bytes else { fatalError("cutting the stream changed it") }
    }
    return 0
}

private func lines(of bytes: [UInt8], piece: Int) -> [JSONLine] {
    var reader = JSONLineReader()
    var result: [JSONLine] = []
    for start in stride(from: 0, to: bytes.count, by: piece) {
        reader.append(Array(bytes[start..<min(start + piece, bytes.count)]).span.bytes)
        while let line = try? reader.next() { result.append(line) }
    }
    if let rest = reader.finish() { result.append(rest) }
    return result
}
