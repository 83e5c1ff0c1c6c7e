import Testing
import Wire

@testable import Inference

/// Is every field of every dialect's published answers and events accounted for at every client of another one? It arrives, or its name is
/// among those that are not told. Where neither happens nothing may be lost, for a reason that `NothingLost` gives.
struct PublishedAnswerTests {
    fileprivate enum Outcome: Equatable {
        case told([UInt8], [String])
        /// An error, which another member may not have.
        case failed
    }

    private static let clients: [ClientDialect] = [.openai, .responses, .anthropic, .gemini, .ollama]
    private static let terms = AnswerTerms(decision: "d", model: "m", created: 1)

    @Test func aFieldOfAnAnswerOrAnEventArrivesOrIsReported() throws {
        var (lost, reasons) = ([String](), try NothingLost("answers"))
        for provider in Dialect.allCases {
            try Self.check("answer-\(provider)", provider, Self.whole, &lost, &reasons)
            try Self.check("stream-\(provider)", provider, Self.streamed, &lost, &reasons)
        }
        #expect(lost.isEmpty, "\(lost.count):\n\(lost.joined(separator: "\n"))")
        #expect(reasons.idle.isEmpty, "reasons for nothing")
    }

    private static func whole(_ body: [UInt8], _ provider: Dialect, _ client: ClientDialect) throws -> Outcome {
        guard let answer = try? provider.answer(from: body, decision: "d") else { return .failed }
        return .told(client.answer(answer, terms), client.untold(of: answer))
    }

    private static func streamed(_ body: [UInt8], _ provider: Dialect, _ client: ClientDialect) throws -> Outcome {
        var (stream, meter) = (AnswerStream(from: provider, to: client, terms), Meter())
        guard let pieces = try? stream.feed(body, into: &meter) else { return .failed }
        let rest = (try? stream.finish(into: &meter)) ?? []
        guard meter.error == nil else { return .failed }
        return .told((pieces + rest).flatMap(\.bytes), stream.untold)
    }

    private static func check(
        _ file: String,
        _ provider: Dialect,
        _ outcome: ([UInt8], Dialect, ClientDialect) throws -> Outcome,
        _ lost: inout [String],
        _ reasons: inout NothingLost
    ) throws {
        let fields = try PublishedField.all(file)
        #expect(fields.count > 20, "\(file) is empty")
        for field in fields where field.at.isEmpty || !field.value.isNothing {
            let isStream = file.hasPrefix("stream")
            let with = try isStream ? events(field.with, of: provider) : field.with
            let without = try isStream ? events(field.without, of: provider) : field.without
            for client in clients where client.provider != provider {
                let with = try outcome(with, provider, client)
                if field.at.isEmpty {
                    #expect(with != .failed, "\(file) → \(client)")
                    continue
                }
                if with.names.contains(where: { isNamed(field, $0, isNew: false) }) { continue }
                if try isAccounted(field, with, outcome(without, provider, client)) { continue }
                let from = provider.rawValue + (isStream ? "-stream" : "")
                if !reasons.holds(of: field, from: from, to: client.provider, with.names) {
                    lost.append("\(file) → \(client): \(field.name) \(field.text.prefix(160)) \(with.names)")
                }
            }
        }
    }

    private static func isAccounted(_ field: PublishedField, _ with: Outcome, _ without: Outcome) -> Bool {
        switch (with, without) {
        case (.failed, _), (_, .failed): true
        case (.told(let bytes, let names), .told(let others, let before)):
            bytes != others || names.contains { isNamed(field, $0, isNew: !before.contains($0)) }
        }
    }

    /// Whether a name is that of the field, of what holds it or, if it is there for this field alone, of what is in it. What is not told because
    /// of its type is named by it.
    private static func isNamed(_ field: PublishedField, _ name: String, isNew: Bool) -> Bool {
        let path = field.path
        if let type = field.types.first(where: { name == $0 || name.hasSuffix("." + $0) }) {
            return path.starts(with: name.dropLast(type.count).split(separator: ".").map(String.init))
        }
        let named = name.split(separator: ".").map(String.init)
        return path.starts(with: named) || (isNew && named.starts(with: path))
    }

    /// A stream as it comes over the wire.
    private static func events(_ body: [UInt8], of provider: Dialect) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for event in try JSONDocument(body)["events"]?.elements.map(\.self) ?? [] {
            switch provider {
            case .ollama: bytes += Array(event.raw) + [0x0A]
            case .openai, .gemini, .anthropic, .responses: EventStreamWriter.append(data: Array(event.raw), to: &bytes)
            }
        }
        if provider == .openai { EventStreamWriter.append(data: OpenAI.doneMark, to: &bytes) }
        return bytes
    }
}

extension PublishedAnswerTests.Outcome {
    fileprivate var names: [String] { if case .told(_, let names) = self { names } else { [] } }
}

extension JSONValue {
    /// Whether it says nothing, or that there is nothing: no flag that is set, no count.
    var isNothing: Bool {
        switch self {
        case .null: true
        case .bool(let flag): !flag
        case .number(let text): Double(text) == 0
        case .string: saysNothing
        case .array(let elements): elements.allSatisfy(\.isNothing)
        case .object(let members): members.allSatisfy(\.value.isNothing)
        }
    }
}
