/// Fuzzes what web servers answer to a probe: no input may stop the process, and the verdict does not depend on how it was cut.
import Liveness

private let question = HTTPQuestion(
    method: .get,
    host: "example.com",
    path: "/",
    expect: [StatusRange(200, 299)],
    body: "ok",
    tls: nil
)

/// The first byte says how long the pieces are.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTPAnswer(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    guard let first = bytes.first else { return 0 }
    let rest = Array(bytes.dropFirst())
    let whole = verdict(rest, size: max(rest.count, 1))
    let pieces = verdict(rest, size: Int(first) + 1)
    // Words may tell how far it was read; the cause may not differ.
    precondition(whole?.cause == pieces?.cause, "\(String(describing: whole)) \(String(describing: pieces))")
    return 0
}

private func verdict(_ bytes: [UInt8], size: Int) -> ProbeFault? {
    var answer = HTTPAnswer(to: question)
    for start in stride(from: 0, to: bytes.count, by: size) {
        if case .done(let fault) = answer.receive(Array(bytes[start..<min(start + size, bytes.count)])) { return fault }
    }
    return answer.end()
}
