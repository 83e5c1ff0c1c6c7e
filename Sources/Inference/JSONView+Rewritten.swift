import Wire

/// What becomes of one element of an array?
enum ElementFate {
    case asItIs
    case left
    case edited([JSONEdit])
}

extension JSONView {
    /// The array's text, some of its elements left out or changed.
    func rewritten(_ fate: (JSONView) -> ElementFate) -> [UInt8] {
        var writer = JSONWriter(capacity: raw.count)
        writer.beginArray()
        for element in elements {
            switch fate(element) {
            case .left: continue
            case .asItIs: writer.raw(element.raw)
            case .edited(let edits):
                let edited = try? JSONDocument(Array(element.raw), limits: .answer).applying(edits)
                writer.raw(edited.map { $0[...] } ?? element.raw)
            }
        }
        writer.endArray()
        return writer.bytes
    }
}
