@testable import Wire

/// libFuzzer's entry for HTTP/1.1: wherever the bytes of a connection are cut, the same is read, and no byte of a body is made up.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // The first byte says whose messages they are, which limits hold, and how large the pieces are.
    guard let first = bytes.first else { return 0 }
    let role = first & 1 == 0 ? HTTPReader.Role.requests : .answers
    let limits = first & 2 == 0 ? HTTPLimits() : narrow
    let rest = Array(bytes.dropFirst())
    let whole = readings(of: rest, role, limits, piece: max(rest.count, 1))
    let pieces = readings(of: rest, role, limits, piece: Int(first >> 2) + 1)
    guard whole == pieces else { fatalError("cutting the connection changed it") }
    let bodies = whole.reduce(0) { if case .body(let bytes) = $1 { $0 + bytes.count } else { $0 } }
    guard bodies <= rest.count else { fatalError("a body is longer than what came") }
    return 0
}

private let narrow = HTTPLimits(
    startLine: 24,
    fieldLine: 24,
    fields: 4,
    head: 96,
    chunkLine: 6,
    extensions: 5,
    body: 12,
    interim: 1
)

private enum Reading: Equatable {
    case head(HTTPMessage)
    case body([UInt8])
    case end([HTTPField])
    case refused(HTTPError)
}

private func readings(of bytes: [UInt8], _ role: HTTPReader.Role, _ limits: HTTPLimits, piece: Int) -> [Reading] {
    var reader = HTTPReader(role, limits: limits)
    var result: [Reading] = []
    var waiting: [UInt8] = []
    do {
        for start in stride(from: 0, to: bytes.count, by: piece) {
            waiting += bytes[start..<min(start + piece, bytes.count)]
            var taken = 0
            while let event = try reader.next(waiting.span.bytes, taken: &taken) {
                result.take(event, of: waiting)
                waiting.removeFirst(taken)
            }
            waiting.removeFirst(taken)
        }
        if let event = try reader.finish() { result.take(event, of: waiting) }
    } catch {
        result.append(.refused(error))
    }
    return result
}

extension [Reading] {
    fileprivate mutating func take(_ event: HTTPReader.Event, of bytes: [UInt8]) {
        switch event {
        case .head(let head), .interim(let head): append(.head(head))
        case .end(let trailers): append(.end(trailers))
        case .body(let place):
            if case .body(let before)? = last {
                self[count - 1] = .body(before + bytes[place])
            } else {
                append(.body([UInt8](bytes[place])))
            }
        }
    }
}
