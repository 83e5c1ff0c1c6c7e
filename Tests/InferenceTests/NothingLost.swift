import Foundation
import Testing
import Wire

@testable import Inference

/// Why is nothing lost by a field that neither arrives nor is refused nor is reported? Rows of `Tests/Fixtures/fields/nothing-lost-*.jsonl`, each
/// with its reason: `from` is the client's file for a request, for an answer the provider, with `-stream` for a stream, or what that begins with;
/// `to` is the other side; `paths` may end in `*`; `values` is what the fields hold, `reported` what is named in their stead. Without them it is
/// anything. A row that nothing needs any more fails, too.
struct NothingLost {
    private struct Row {
        let from: String
        let to: [String]?
        let paths: [String]
        let values: [JSONValue]?
        let reported: String?
    }

    private let rows: [Row]
    private var used: Set<Int> = []

    /// Paths of the rows that nothing needed.
    var idle: [[String]] { rows.indices.filter { !used.contains($0) }.map { rows[$0].paths } }

    init(_ kind: String) throws {
        rows = try PublishedField.lines("nothing-lost-\(kind)").map { line in
            let texts = { (name: String) in line[name].map { $0.elements.compactMap(\.text) } }
            #expect(line["reason"]?.text?.isEmpty == false)
            return Row(
                from: line["from"]?.text ?? "",
                to: texts("to"),
                paths: texts("paths") ?? [],
                values: line["values"]?.elements,
                reported: line["reported"]?.text
            )
        }
    }

    /// Whether a row fits.
    /// - Parameter reported: what was reported.
    mutating func holds(of field: PublishedField, from: String, to: Dialect, _ reported: [String]) -> Bool {
        let found = rows.firstIndex { row in
            from.hasPrefix(row.from) && row.to?.contains(to.rawValue) ?? true
                && row.paths.contains { $0.hasSuffix("*") ? field.name.hasPrefix($0.dropLast()) : field.name == $0 }
                && row.values?.contains(field.value) ?? true && row.reported.map(reported.contains) ?? true
        }
        if let found { used.insert(found) }
        return found != nil
    }
}

extension JSONValue {
    fileprivate var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }

    /// Whether it is empty, or the word for what was left open.
    var saysNothing: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isEmpty || text.hasSuffix("_UNSPECIFIED") || text == "UNSPECIFIED"
        case .array(let elements): elements.allSatisfy(\.saysNothing)
        // An empty one may ask for something by being there.
        case .object(let members): !members.isEmpty && members.allSatisfy(\.value.saysNothing)
        case .bool, .number: false
        }
    }
}
