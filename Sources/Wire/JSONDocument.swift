/// A whole JSON text that was checked, and the places of its outermost members: enough to route a request by, without a tree.
package struct JSONDocument: Sendable {
    private let text: JSONChecked
    /// Members of the outermost object in their order; none if the text is no object.
    package let members: [JSONMember]
    private let rootRange: Range<Int>

    /// Checks the whole text.
    package init(_ bytes: [UInt8], limits: JSONLimits = .request) throws(JSONError) {
        var scanner = JSONScanner(limits: limits)
        try scanner.scan(bytes.span.bytes)
        text = JSONChecked(bytes, scanner.longValues)
        rootRange = scanner.root
        members = bytes[scanner.root.lowerBound] == UInt8(ascii: "{") ? scanner.members : []
    }

    /// The text as it came.
    package var bytes: [UInt8] { text.bytes }

    /// The outermost value.
    package var root: JSONView { JSONView(text, rootRange) }

    /// The outermost object's member of this name; the last one if there are several.
    package subscript(name: String) -> JSONView? {
        members.last { $0.key.spells(name, in: bytes.span.bytes) }.map { JSONView(text, $0.value) }
    }

    /// A member's name, unescaped.
    package func name(of member: JSONMember) -> String {
        JSONText.text(bytes, member.key.text, isEscaped: member.key.isEscaped)
    }

    /// A member's value.
    package func value(of member: JSONMember) -> JSONView { JSONView(text, member.value) }
}
