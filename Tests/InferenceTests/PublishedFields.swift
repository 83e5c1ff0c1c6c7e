import Foundation
import Testing
import Wire

@testable import Inference

/// One field of a dialect's published schema, in a request or an answer that holds it (`Tests/Fixtures/fields`, by `scripts/distill-fields`).
struct PublishedField {
    enum Step: Equatable {
        case name(String)
        case place(Int)
    }

    /// Where it is.
    let at: [Step]
    /// What it holds.
    let value: JSONValue
    /// The request with it, and the same one without.
    let with: [UInt8]
    let without: [UInt8]

    /// Its path without indexes: `messages.content.type`. An answer's events have it from there.
    let path: [String]
    /// The same in one word.
    let name: String

    /// All fields in a file; the first is the request that says the least, which has none.
    static func all(_ file: String) throws -> [PublishedField] {
        let lines = try lines(file)
        guard case .object(let base)? = lines.first else { return [] }
        return [PublishedField(base)] + lines.dropFirst().map { PublishedField($0, in: base) }
    }

    /// A file's lines.
    static func lines(_ file: String) throws -> [JSONValue] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let text = try Data(contentsOf: folder.appendingPathComponent("Fixtures/fields/\(file).jsonl"))
        return try text.split(separator: UInt8(ascii: "\n")).map { JSONValue(try JSONDocument(Array($0)).root) }
    }

    /// What it holds, as JSON.
    var text: String { String(decoding: Self.bytes(value), as: UTF8.self) }

    private init(_ base: [JSONValue.Member]) {
        (at, value, path, name, with) = ([], .null, [], "", Self.bytes(.object(base)))
        without = with
    }

    private init(_ line: JSONValue, in base: [JSONValue.Member]) {
        guard case .array(let steps)? = line["at"], let set = line["set"] else {
            self = Self([])
            return
        }
        let at: [Step] = steps.map { step in
            switch step {
            case .string(let name): .name(name)
            case .number(let text): .place(Int(text) ?? 0)
            case .null, .bool, .array, .object: .place(0)
            }
        }
        guard case .name(let outermost)? = at.first else {
            self = Self([])
            return
        }
        let request = JSONValue.object(base.filter { $0.name != outermost } + [JSONValue.Member(outermost, set)])
        self.at = at
        let names = at.compactMap { step in
            if case .name(let name) = step { name } else { nil }
        }
        path = Array(names.first == "events" ? names.dropFirst() : names[...])
        name = path.joined(separator: ".")
        value = Self.value(at[...], in: request)
        with = Self.bytes(request)
        without = Self.bytes(Self.removing(at[...], from: request))
    }

    static func bytes(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.value(value)
        return writer.bytes
    }

    /// The request with another value, and that value; nil: it has no other, or fields of its own.
    var other: (text: String, request: [UInt8])? {
        guard let another = value.another, let document = try? JSONDocument(with) else { return nil }
        let request = Self.replacing(at[...], in: JSONValue(document.root), by: another)
        return (String(decoding: Self.bytes(another), as: UTF8.self), Self.bytes(request))
    }

    /// The request without the value, and the value's kind; nil: it is no word, number or flag.
    var place: [UInt8]? {
        let kind: UInt8
        switch value {
        case .string: kind = 1
        case .number: kind = 2
        case .bool: kind = 3
        case .null, .array, .object: return nil
        }
        guard let document = try? JSONDocument(with) else { return nil }
        return Self.bytes(Self.replacing(at[...], in: JSONValue(document.root), by: .null)) + [kind]
    }

    /// The types of the objects that it stands in, and its own.
    var types: [String] {
        guard let document = try? JSONDocument(with) else { return [] }
        var (value, types) = (JSONValue(document.root), [String]())
        for step in at.map(Optional.init) + [nil] {
            if case .string(let type)? = value["type"] { types.append(type) }
            if let step { value = Self.value([step], in: value) }
        }
        return types
    }

    private static func value(_ steps: ArraySlice<Step>, in value: JSONValue) -> JSONValue {
        switch (steps.first, value) {
        case (.name(let name), .object(let members)):
            members.last { $0.name == name }.map { self.value(steps.dropFirst(), in: $0.value) } ?? .null
        case (.place(let place), .array(let elements)) where elements.indices.contains(place):
            self.value(steps.dropFirst(), in: elements[place])
        default: value
        }
    }

    private static func replacing(_ steps: ArraySlice<Step>, in value: JSONValue, by other: JSONValue) -> JSONValue {
        guard let step = steps.first else { return other }
        let rest = steps.dropFirst()
        switch (step, value) {
        case (.name(let name), .object(let members)):
            return .object(
                members.map { $0.name == name ? .init(name, replacing(rest, in: $0.value, by: other)) : $0 }
            )
        case (.place(let place), .array(var elements)) where elements.indices.contains(place):
            elements[place] = replacing(rest, in: elements[place], by: other)
            return .array(elements)
        default: return value
        }
    }

    private static func removing(_ steps: ArraySlice<Step>, from value: JSONValue) -> JSONValue {
        guard let step = steps.first else { return value }
        let (rest, isLast) = (steps.dropFirst(), steps.count == 1)
        switch (step, value) {
        case (.name(let name), .object(let members)):
            if isLast { return .object(members.filter { $0.name != name }) }
            return .object(
                members.map { $0.name == name ? JSONValue.Member(name, removing(rest, from: $0.value)) : $0 }
            )
        case (.place(let place), .array(var elements)) where elements.indices.contains(place):
            if isLast { elements.remove(at: place) } else { elements[place] = removing(rest, from: elements[place]) }
            return .array(elements)
        default: return value
        }
    }
}

extension JSONValue {
    /// Another value of the same kind; nil where its fields are looked at one by one, and where there is nothing else.
    fileprivate var another: JSONValue? {
        switch self {
        case .null: nil
        case .bool(let flag): .bool(!flag)
        case .number(let text): Int(text).map { .number("\($0 + 1)") } ?? Double(text).map { .number("\($0 / 2)") }
        case .string("{}"): .string(#"{"z":1}"#)
        // In base64 it stays such.
        case .string(let text): .string(text.hasSuffix("=") ? text.dropLast() + "A" : text + "y")
        case .array(let elements):
            elements.first?.another.map { .array([$0] + elements.dropFirst()) }
        case .object(let members):
            members.count == 1 && members[0].name == "a"
                ? members[0].value.another.map { .object([Member("a", $0)]) } : nil
        }
    }
}
