/// How are a few named members of an object changed while every other byte stays as it came? A request that only needs
/// another model name must not be re-encoded: fields we have never heard of survive, and so does their spelling.
package enum JSONEdit: Equatable, Sendable {
    /// The member's value becomes these bytes, which are JSON; a missing member is added at the end.
    case set(String, [UInt8])
    /// The member goes away, with its comma.
    case remove(String)
    /// Edits inside the object that the member holds. A missing member, or one that holds no object, becomes an object first.
    case within(String, [JSONEdit])
    /// Edits inside the object that the member holds, or inside each object of its array. Nothing is made where there is none.
    case each(String, [JSONEdit])

    fileprivate var name: String {
        switch self {
        case .set(let name, _), .remove(let name), .within(let name, _), .each(let name, _): name
        }
    }
}

extension JSONDocument {
    /// The text with the edits made, at most one for each name.
    /// - Throws: `notAnObject` if the outermost value is none.
    package func applying(_ edits: [JSONEdit]) throws(JSONError) -> [UInt8] {
        guard root.kind == .object else { throw JSONError(.notAnObject, at: root.place.lowerBound) }
        var patch = JSONPatch(bytes)
        patch.copy(0..<root.place.lowerBound)
        patch.rewrite(root, edits)
        patch.copy(root.place.upperBound..<bytes.count)
        return patch.output
    }
}

/// One rewriting of a text: members are copied with the gap before them, so a gap's comma goes with its member.
private struct JSONPatch {
    private let bytes: [UInt8]
    private(set) var output: [UInt8] = []

    /// Room for what edits usually add: a model's name and one option.
    private static let slack = 128

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        output.reserveCapacity(bytes.count + Self.slack)
    }

    mutating func copy(_ range: Range<Int>) { output.append(contentsOf: bytes[range]) }

    mutating func rewrite(_ object: JSONView, _ edits: [JSONEdit]) {
        var pending = edits
        var position = object.place.lowerBound + 1
        var firstGap: Range<Int>?
        var kept = 0
        output.append(UInt8(ascii: "{"))
        for member in object.members {
            let whole = member.place.whole
            let gap = position..<whole.lowerBound
            position = whole.upperBound
            firstGap = firstGap ?? gap
            let edit = edits.first { member.spells($0.name) }
            pending.removeAll { $0.name == edit?.name }
            if case .remove = edit { continue }
            copy(kept == 0 ? firstGap ?? gap : gap)
            copy(whole.lowerBound..<member.place.value.lowerBound)
            write(member.value, edit)
            kept += 1
        }
        for edit in pending { kept += insert(edit, after: kept) }
        copy(position..<object.place.upperBound)
    }

    private mutating func write(_ value: JSONView, _ edit: JSONEdit?) {
        switch edit {
        case .set(_, let replacement): output.append(contentsOf: replacement)
        case .within(_, let inner) where value.kind == .object: rewrite(value, inner)
        case .within(_, let inner): writeNew(inner)
        case .each(_, let inner): rewriteEach(value, inner)
        case .remove, nil: copy(value.place)
        }
    }

    private mutating func rewriteEach(_ value: JSONView, _ edits: [JSONEdit]) {
        guard value.kind == .array else { return value.kind == .object ? rewrite(value, edits) : copy(value.place) }
        var position = value.place.lowerBound
        for element in value.elements where element.kind == .object {
            copy(position..<element.place.lowerBound)
            rewrite(element, edits)
            position = element.place.upperBound
        }
        copy(position..<value.place.upperBound)
    }

    /// Adds what was not there; gives how many members that made.
    private mutating func insert(_ edit: JSONEdit, after kept: Int) -> Int {
        switch edit {
        case .remove, .each: return 0
        case .set, .within: break
        }
        if kept > 0 { output.append(UInt8(ascii: ",")) }
        var name = JSONWriter(capacity: 32)
        name.string(edit.name)
        output.append(contentsOf: name.bytes)
        output.append(UInt8(ascii: ":"))
        switch edit {
        case .set(_, let value): output.append(contentsOf: value)
        case .within(_, let inner): writeNew(inner)
        case .remove, .each: break
        }
        return 1
    }

    private mutating func writeNew(_ edits: [JSONEdit]) {
        output.append(UInt8(ascii: "{"))
        var kept = 0
        for edit in edits { kept += insert(edit, after: kept) }
        output.append(UInt8(ascii: "}"))
    }
}
