@testable import Wire

/// libFuzzer's entry for event streams: wherever the bytes are cut, the blocks are the same and no byte is lost.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEventStream(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // The first byte says how large the pieces are.
    let size = Int(bytes.first ?? 0) + 1
    let whole = blocks(of: bytes, piece: max(bytes.count, 1))
    let pieces = blocks(of: bytes, piece: size)
    // A CRLF that is cut at the very end leaves a block of one LF: no event, but a byte to pass on.
    let sameData = whole.filter { $0.data != nil }.elementsEqual(pieces.filter { $0.data != nil }) {
        $0.name == $1.name && $0.data == $1.data
    }
    guard sameData, whole.flatMap(\.raw) == bytes, pieces.flatMap(\.raw) == bytes else {
        fatalError("cutting the stream changed it")
    }
    return 0
}

private func blocks(of bytes: [UInt8], piece: Int) -> [ServerSentEvent] {
    var reader = EventStreamReader()
    var result: [ServerSentEvent] = []
    for start in stride(from: 0, to: bytes.count, by: piece) {
        result += (try? reader.feed(Array(bytes[start..<min(start + piece, bytes.count)]))) ?? []
    }
    if let rest = reader.finish() { result.append(rest) }
    return result
}
