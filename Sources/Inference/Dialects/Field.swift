import Wire

/// How are the fields of a client's request read, whichever dialect it is in? A value of the wrong kind is an error with the
/// field's path.
enum Field {
    /// A flag that may be missing or null.
    static func flag(_ view: JSONView?, _ field: String) throws(RequestError) -> Bool? {
        guard let view, !view.isNull else { return nil }
        guard let flag = view.bool else { throw .wrongType(field, wanted: "a boolean") }
        return flag
    }

    /// A text that may be missing or null.
    static func text(_ view: JSONView?, _ field: String) throws(RequestError) -> String? {
        guard let view, !view.isNull else { return nil }
        guard let text = view.string else { throw .wrongType(field, wanted: "a string") }
        return text
    }

    /// A text that must be there.
    static func requiredText(_ view: JSONView?, _ field: String) throws(RequestError) -> String {
        guard let text = try text(view, field) else { throw .missing(field) }
        return text
    }

    /// An address of the web: other providers take no other, and fetch nothing that they would not.
    static func webAddress(_ view: JSONView?, _ field: String) throws(RequestError) -> String {
        let address = try requiredText(view, field)
        guard address.hasPrefix("https://") || address.hasPrefix("http://") else {
            throw .wrongValue(field, wanted: "an http or https address")
        }
        return address
    }

    /// A type of media without parameters (RFC 6838 §4.2): elsewhere it stands in a `data:` address.
    static func mediaType(_ view: JSONView?, _ field: String) throws(RequestError) -> String {
        let type = try requiredText(view, field)
        let parts = type.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isToken = { (part: Substring.UTF8View) in
            !part.isEmpty && part.allSatisfy { (0x21...0x7E).contains($0) && !"\"(),:;<=>?@[\\]".utf8.contains($0) }
        }
        guard parts.count == 2, parts.allSatisfy(isToken) else {
            throw .wrongValue(field, wanted: "a type such as 'image/png'")
        }
        return type
    }

    /// An object that may be missing or null.
    static func object(_ view: JSONView?, _ field: String) throws(RequestError) -> JSONView? {
        guard let view, !view.isNull else { return nil }
        guard view.kind == .object else { throw .wrongType(field, wanted: "an object") }
        return view
    }

    /// The elements of an array that must be one.
    static func array(_ view: JSONView, _ field: String) throws(RequestError) -> JSONView.Elements {
        guard view.kind == .array else { throw .wrongType(field, wanted: "an array") }
        return view.elements
    }

    /// A count that may be missing or null.
    static func count(_ view: JSONView?, _ field: String) throws(RequestError) -> UInt64? {
        guard let view, !view.isNull else { return nil }
        guard let count = view.unsigned, count > 0 else { throw .wrongValue(field, wanted: "a whole number above 0") }
        return count
    }

    /// A count of tokens.
    static func tokens(_ value: JSONView, _ field: String) throws(RequestError) -> UInt64 {
        guard let count = value.unsigned, count > 0 else { throw .wrongValue(field, wanted: "a whole number above 0") }
        return count
    }

    /// A count of tokens that may be missing or null.
    static func tokens(atMost value: JSONView?, _ field: String) throws(RequestError) -> UInt64? {
        guard let value, !value.isNull else { return nil }
        return try tokens(value, field)
    }

    /// A number within bounds, as written.
    static func number(
        _ value: JSONView,
        _ field: String,
        in range: ClosedRange<Double>
    ) throws(RequestError) -> String {
        guard let text = value.number, let number = value.double else { throw .wrongType(field, wanted: "a number") }
        guard range.contains(number) else {
            throw .wrongValue(field, wanted: "a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
        }
        return text
    }

    /// Texts in an array.
    static func texts(_ value: JSONView, _ field: String) throws(RequestError) -> [String] {
        var texts: [String] = []
        for element in try array(value, field) {
            texts.append(try requiredText(element, "\(field)[\(texts.count)]"))
        }
        return texts
    }
}

extension Chat {
    /// Notes the members of an object that are not read, so that nothing is dropped in silence.
    /// - Parameters:
    ///   - read: the members that are carried.
    ///   - hints: those that are not, and make no other answer.
    mutating func note(_ object: JSONView, beyond read: [String], hints: [String] = [], at path: String) {
        for member in object.members where !member.value.isNull {
            let name = member.name
            if !read.contains(name) { note(hints.contains(name) ? .hint("\(path).\(name)") : .wish("\(path).\(name)")) }
        }
    }

    /// Notes the members of an object that are not read and make no other answer, whatever they are.
    mutating func noteHints(_ object: JSONView, beyond read: [String], at path: String) {
        for member in object.members where !member.value.isNull && !read.contains(member.name) {
            note(.hint("\(path).\(member.name)"))
        }
    }

    /// A schema with what is said of it beside it, where that has no place of its own: in JSON Schema it has one.
    /// - Parameter field: of the client's, whose `description` this is.
    mutating func schema(_ schema: [UInt8], described description: JSONView?, at field: String) -> [UInt8] {
        guard let text = description?.string, let document = try? JSONDocument(schema, limits: .request) else {
            return schema
        }
        if let own = document["description"] {
            // The schema's own word goes before it.
            if own.string != text { note(.wish("\(field).description")) }
            return schema
        }
        var writer = JSONWriter(capacity: text.utf8.count + 2)
        writer.string(text)
        return (try? document.applying([.set("description", writer.bytes)])) ?? schema
    }

    /// Notes one field, once.
    mutating func note(_ omission: Omission) { uncarried.note(omission) }
}
