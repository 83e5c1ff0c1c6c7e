@testable import Wire

/// libFuzzer's entry for JSON: whatever the bytes, nothing stops, and what is accepted can be walked, patched, written and
/// read back the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let document = try? JSONDocument(bytes, limits: .request) else { return 0 }
    let tree = JSONValue(document.root)
    var writer = JSONWriter()
    writer.value(tree)
    guard let again = try? JSONDocument(writer.bytes, limits: .request), JSONValue(again.root) == tree else {
        fatalError("what was written reads differently")
    }
    guard document.root.kind == .object else { return 0 }
    let edits: [JSONEdit] = [
        .set("model", Array("\"m\"".utf8)), .within("o", [.set("x", [0x31])]), .remove("a"), .each("e", [.remove("a")]),
    ]
    guard let patched = try? document.applying(edits), let result = try? JSONDocument(patched),
        result["model"]?.string == "m", result["o"]?["x"]?.unsigned == 1, result["a"] == nil
    else { fatalError("a patch did not take, or broke the text") }
    return 0
}
