import Foundation
import Testing
import Wire

@testable import Inference

/// One field of a dialect's published request schema, in a request that holds it (`Tests/Fixtures/fields`, by `scripts/distill-fields`).
struct PublishedField {
    enum Step: Equatable {
        case name(String)
        case place(Int)
    }

    /// Where it is.
    let at: [Step]
    /// The request with it, and the same one without.
    let with: [UInt8]
    let without: [UInt8]

    /// Its path without indexes: `messages.content.type`.
    var path: [String] {
        at.compactMap { step in
            if case .name(let name) = step { name } else { nil }
        }
    }

    /// All fields in a file.
    static func all(_ file: String) throws -> [PublishedField] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let text = try Data(contentsOf: folder.appendingPathComponent("Fixtures/fields/\(file).jsonl"))
        let lines = try text.split(separator: UInt8(ascii: "\n")).map { JSONValue(try JSONDocument(Array($0)).root) }
        guard case .object(let base)? = lines.first else { return [] }
        return lines.dropFirst().map { PublishedField($0, in: base) }
    }

    /// Compares lines with a file beside the fields, or writes them.
    static func expect(_ lines: [String], toBe file: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let place = folder.appendingPathComponent("Fixtures/fields/\(file)")
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_GOLDEN"] != nil {
            return try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: place)
        }
        let known = String(decoding: try Data(contentsOf: place), as: UTF8.self).split(separator: "\n").map(String.init)
        let (now, before) = (Set(lines), Set(known))
        #expect(now.subtracting(before).isEmpty && before.subtracting(now).isEmpty)
    }

    private init(_ line: JSONValue, in base: [JSONValue.Member]) {
        guard case .array(let steps)? = line["at"], let set = line["set"] else {
            (at, with, without) = ([], [], [])
            return
        }
        at = steps.map { step in
            switch step {
            case .string(let name): .name(name)
            case .number(let text): .place(Int(text) ?? 0)
            case .null, .bool, .array, .object: .place(0)
            }
        }
        guard case .name(let outermost)? = at.first else {
            (with, without) = ([], [])
            return
        }
        let request = JSONValue.object(base.filter { $0.name != outermost } + [JSONValue.Member(outermost, set)])
        with = Self.bytes(request)
        without = Self.bytes(Self.removing(at[...], from: request))
    }

    private static func bytes(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.value(value)
        return writer.bytes
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
