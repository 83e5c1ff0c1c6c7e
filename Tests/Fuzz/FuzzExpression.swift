/// Fuzzes conditions of both planes: parsing, compiling and evaluating. No input may stop the process, and every error must point
/// into the text or at its end.
import ConfigSyntax
import Forwarding
import Inference
import NetTypes
import PolicyEngine

/// libFuzzer's entry: always 0, or the process ends.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzExpression(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: count), as: UTF8.self)
    let length = text.unicodeScalars.count
    do {
        let expression = try Expression(parsing: text)
        for schema in [PacketFact.schema, RequestFact.schema] {
            switch Match.compile(expression, schema: schema, sets: .empty) {
            case .success(let match): _ = match.evaluate(Facts(for: schema))
            case .failure(let errors): precondition(errors.all.allSatisfy { (0...length).contains($0.offset) })
            }
        }
    } catch {
        precondition((0...length).contains(error.offset))
    }
    return 0
}
