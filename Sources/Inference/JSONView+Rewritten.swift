import Wire

/// What becomes of one element of an array?
enum ElementFate {
    case asItIs
    case left
    case edited([JSONEdit])
}

extension JSONView {
    /// The array's text, some of its elements left out or changed; nil: none is, and nothing was copied.
    /// - Parameter fate: asked once for each element, in their order.
    func rewritten(_ fate: (JSONView) -> ElementFate) -> [UInt8]? {
        var writer: JSONWriter?
        for (place, element) in elements.enumerated() {
            switch fate(element) {
            case .asItIs: writer?.raw(element.raw)
            case .left: if writer == nil { writer = copy(ofFirst: place) }
            case .edited(let edits):
                let edited = try? JSONDocument(Array(element.raw), limits: .answer).applying(edits)
                if writer == nil { writer = copy(ofFirst: place) }
                writer?.raw(edited.map { $0[...] } ?? element.raw)
            }
        }
        writer?.endArray()
        return writer?.bytes
    }

    /// The array's first elements as they are; its end is open.
    private func copy(ofFirst count: Int) -> JSONWriter {
        var writer = JSONWriter(capacity: raw.count)
        writer.beginArray()
        for element in elements.prefix(count) { writer.raw(element.raw) }
        return writer
    }
}
