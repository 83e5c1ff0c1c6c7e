@testable import Wire

/// libFuzzer's entry for forms with files: wherever the bytes are cut, the parts are the same or the error is; parts lie in their order within the
/// body, and none holds the boundary behind a line's end.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMultipart(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // The first byte says how large the pieces are, the second how long the boundary is, which follows.
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard count > 2 else { return 0 }
    let end = min(2 + Int(input[1] % 8) + 1, count)
    let type = "multipart/form-data; boundary=\"\(String(decoding: input[2..<end], as: UTF8.self))\""
    _ = MultipartBoundary(contentType: String(decoding: input, as: UTF8.self))
    guard let boundary = MultipartBoundary(contentType: type) else { return 0 }
    guard MultipartBoundary(contentType: boundary.contentType) == boundary else {
        fatalError("a boundary is read as another")
    }
    // Few inputs would begin with a boundary.
    let body = Array("--".utf8) + boundary.bytes + input[end...]
    let whole = parts(of: body, boundary, piece: body.count)
    let pieces = parts(of: body, boundary, piece: Int(input[0]) + 1)
    guard whole.found == pieces.found, whole.error == pieces.error else { fatalError("cutting the form changed it") }
    var last = 0
    for part in whole.found {
        guard part.body.lowerBound >= last, part.body.upperBound <= body.count else { fatalError("parts overlap") }
        last = part.body.upperBound
        let mark = Array("\r\n--".utf8) + boundary.bytes
        let held = Array("\r\n".utf8) + body[part.body]
        for place in held.indices.dropLast(mark.count - 1) where held[place..<place + mark.count].elementsEqual(mark) {
            fatalError("a part holds a boundary")
        }
    }
    return 0
}

private func parts(
    of bytes: [UInt8],
    _ boundary: MultipartBoundary,
    piece: Int
) -> (found: [MultipartPart], error: MultipartError?) {
    var reader = MultipartReader(boundary)
    var found: [MultipartPart] = []
    do throws(MultipartError) {
        for start in stride(from: 0, to: bytes.count, by: piece) {
            found += try reader.feed(Array(bytes[start..<min(start + piece, bytes.count)]).span.bytes)
        }
        try reader.finish()
        return (found, nil)
    } catch {
        // What came before the error in the same piece is not given out.
        return ([], error)
    }
}
