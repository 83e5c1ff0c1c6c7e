/// A text that was found to be JSON, with what was noted on the way.
struct JSONChecked: Sendable {
    /// The text as it came.
    let bytes: [UInt8]
    private let longValues: JSONLongValues

    init(_ bytes: [UInt8], _ longValues: JSONLongValues) {
        self.bytes = bytes
        self.longValues = longValues
    }

    /// The place after the value that begins at `start`.
    func afterValue(_ bytes: RawSpan, from start: Int) -> Int {
        switch ByteScan.byte(bytes, start) {
        case UInt8(ascii: "\""): longValues.end(ofValueAt: start) ?? JSONText.afterString(bytes, from: start)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            longValues.end(ofValueAt: start) ?? JSONText.afterContainer(bytes, from: start)
        default: JSONText.afterScalar(bytes, from: start)
        }
    }
}
