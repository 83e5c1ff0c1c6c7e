import Testing
import Wire

@testable import Inference

/// Is every field of every dialect's published request schema accounted for at every provider of another one? It arrives, it is refused by
/// its name or by that of what holds it, or it is reported by it. Arrived it has when the provider is told something else where it is missing,
/// and something else where it has another value; of the words of an enumeration no two may look alike. Where nothing of this happens nothing
/// may be lost, for a reason that `NothingLost` gives: nothing is dropped in silence.
struct PublishedFieldTests {
    private struct Client: Sendable {
        let dialect: ClientDialect
        var operation = ModelOperation.chat
        var form = RequestAddress.Form.whole
        let file: String

        var providers: [Dialect] {
            let all: [Dialect] = operation == .embeddings ? [.openai, .gemini, .ollama] : Dialect.allCases
            return all.filter { $0 != dialect.provider }
        }
    }

    private static let clients: [Client] = [
        Client(dialect: .openai, file: "openai"), Client(dialect: .responses, file: "responses"),
        // Of Mistral there is no schema here: the fields of its documentation, written by hand.
        Client(dialect: .mistral, file: "mistral"),
        Client(dialect: .anthropic, file: "anthropic"), Client(dialect: .gemini, file: "gemini"),
        Client(dialect: .ollama, file: "ollama"),
        Client(dialect: .ollama, operation: .generate, file: "ollama-generate"),
        Client(dialect: .openai, operation: .embeddings, file: "openai-embeddings"),
        Client(dialect: .openai, file: "openai-bare"), Client(dialect: .responses, file: "responses-bare"),
        Client(dialect: .anthropic, file: "anthropic-bare"), Client(dialect: .gemini, file: "gemini-bare"),
        Client(dialect: .gemini, operation: .embeddings, file: "gemini-embedding"),
        Client(dialect: .gemini, operation: .embeddings, form: .batch, file: "gemini-embeddings"),
        Client(dialect: .ollama, operation: .embeddings, file: "ollama-embeddings"),
    ]

    /// What came of a request: what the provider gets and how its answer will be told, with what is reported, or what is refused.
    private enum Outcome: Equatable {
        case said([UInt8], [Omission])
        case refused(RequestError)
    }

    @Test func aFieldArrivesOrIsRefusedOrReported() throws {
        var (lost, reasons) = ([String](), try NothingLost("requests"))
        for client in Self.clients {
            let fields = try PublishedField.all(client.file)
            #expect(fields.count > 6, "\(client.file) is empty")
            let least = Asked(fields[0].with, client)
            for provider in client.providers {
                guard case .refused(let error) = least.outcome(provider) else { continue }
                Issue.record("\(client.file) → \(provider): the least request is refused: \(error)")
            }
            var words: [Dialect: Words] = [:]
            for field in fields.dropFirst() where !field.value.saysNothing {
                let (with, without) = (Asked(field.with, client), Asked(field.without, client))
                let other = field.other.map { (text: $0.text, asked: Asked($0.request, client)) }
                let place = field.place
                for provider in client.providers {
                    let outcome = with.outcome(provider)
                    if Self.isNamed(field, outcome) { continue }
                    var alike = words[provider, default: Words()].add(field, at: place, outcome)
                    if !Self.isAccounted(field, outcome, without.outcome(provider)) {
                        alike = "nothing"
                    } else if let other, case .said = outcome, other.asked.outcome(provider) == outcome {
                        alike = other.text
                    }
                    guard let alike else { continue }
                    if reasons.holds(of: field, from: client.file, to: provider, Self.names(in: outcome)) { continue }
                    lost.append(
                        "\(client.file) → \(provider): \(field.name) \(field.text) as \(alike) \(Self.told(outcome))"
                    )
                }
            }
        }
        #expect(lost.isEmpty, "\(lost.count):\n\(lost.joined(separator: "\n"))")
        #expect(reasons.idle.isEmpty, "reasons for nothing")
    }

    /// Values of one field in requests that are otherwise the same.
    private struct Words {
        private var seen: [[UInt8]: [(text: String, outcome: Outcome)]] = [:]

        /// The value that this one looks like; nil: none, or it is none that stands alone.
        mutating func add(_ field: PublishedField, at place: [UInt8]?, _ outcome: Outcome) -> String? {
            guard let place, case .said = outcome else { return nil }
            let alike = seen[place]?.first { $0.outcome == outcome && $0.text != field.text }
            seen[place, default: []].append((field.text, outcome))
            return alike?.text
        }
    }

    /// Whether it is refused or reported by its name, whatever would be without it.
    private static func isNamed(_ field: PublishedField, _ with: Outcome) -> Bool {
        switch with {
        case .refused(let error): error.param.map { isAbout(field, holder($0)) } ?? false
        case .said(_, let omissions): omissions.contains { field.path.starts(with: components($0.field)) }
        }
    }

    private static func isAccounted(_ field: PublishedField, _ with: Outcome, _ without: Outcome) -> Bool {
        switch (with, without) {
        // What is refused for something else is lost to nobody.
        case (.refused(let error), .refused(let other)): error == other
        case (.refused, .said): false
        // It is a must.
        case (.said, .refused): true
        case (.said(let body, let omissions), .said(let bare, let others)):
            body != bare
                || omissions.contains { !others.contains($0) && components($0.field).starts(with: field.path) }
        }
    }

    /// Whether a path is that of this field, of one that holds it, or of one in it.
    private static func isAbout(_ field: PublishedField, _ named: [String]) -> Bool {
        field.path.starts(with: named) || named.starts(with: field.path)
    }

    private static func components(_ param: String) -> [String] {
        param.split(separator: ".").map { String($0.prefix { $0 != "[" }) }
    }

    /// What is refused by its type or its speaker is refused as a whole.
    private static func holder(_ param: String) -> [String] {
        let components = components(param)
        return components.count > 1 && ["type", "role"].contains(components.last) ? components.dropLast() : components
    }

    private static func names(in outcome: Outcome) -> [String] {
        if case .said(_, let omissions) = outcome { omissions.map(\.field) } else { [] }
    }

    private static func told(_ outcome: Outcome) -> String {
        switch outcome {
        case .said(_, let omissions): "said, without \(omissions.map(\.field))"
        case .refused(let error): "refused for \(error.param ?? "?")"
        }
    }

    /// A request as it was read, whoever is to answer it.
    private struct Asked {
        private let client: Client
        private let view: RequestView?
        private let chat: Result<Chat, RequestError>?
        private let ask: Result<EmbeddingAsk, RequestError>?

        init(_ body: [UInt8], _ client: Client) {
            self.client = client
            do throws(RequestError) {
                let view = try RequestView(
                    body: body,
                    dialect: client.dialect,
                    operation: client.operation,
                    address: client.dialect == .gemini ? RequestAddress(model: "m", form: client.form) : nil
                )
                self.view = view
                let isChat = client.operation != .embeddings
                chat = isChat ? Result { () throws(RequestError) in try client.dialect.chat(from: view) } : nil
                ask = isChat ? nil : Result { () throws(RequestError) in try client.dialect.embedding(from: view) }
            } catch {
                (view, chat, ask) = (nil, .failure(error), nil)
            }
        }

        func outcome(_ provider: Dialect) -> Outcome {
            do throws(RequestError) {
                if let view, let ask { return try embedded(ask.get(), view, provider) }
                guard let chat = try chat?.get(), let view else { return .said([], []) }
                let (said, omissions) = try provider.request(chat, model: "m", stream: view.stream)
                // How the answer comes is ours to make: Gemini's address says whether in pieces, and the usage is always asked for.
                let form: [UInt8] = [view.stream ? 1 : 0, view.includeUsage ? 1 : 0]
                return .said(said + form, omissions + view.omissions.map(Omission.hint))
            } catch {
                return .refused(error)
            }
        }

        private func embedded(
            _ ask: EmbeddingAsk,
            _ view: RequestView,
            _ provider: Dialect
        ) throws(RequestError) -> Outcome {
            let (said, omissions) = try provider.embeddingRequest(ask, model: "m")
            let answer = EmbeddingAnswer(vectors: ask.texts.map { _ in Array("[1,2]".utf8) })
            return .said(said + client.dialect.body(of: answer, to: view), omissions)
        }
    }
}
