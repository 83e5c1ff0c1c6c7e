import Testing
import Wire

@testable import Inference

/// Is every field of every dialect's published request schema accounted for at every provider of another one? It arrives, it is refused by
/// its name or by that of what holds it, or it is reported; nothing is dropped in silence.
struct PublishedFieldTests {
    private struct Client {
        let dialect: ClientDialect
        var operation = ModelOperation.chat
        let file: String
    }

    private static let clients: [Client] = [
        Client(dialect: .openai, file: "openai"), Client(dialect: .responses, file: "responses"),
        Client(dialect: .anthropic, file: "anthropic"), Client(dialect: .gemini, file: "gemini"),
        Client(dialect: .ollama, file: "ollama"),
        Client(dialect: .ollama, operation: .generate, file: "ollama-generate"),
    ]

    /// What came of a request: what the provider gets, with what is reported, or what is refused.
    private enum Outcome: Equatable {
        case said([UInt8], [Omission])
        case refused(RequestError)
    }

    /// What is in the list of those that are not says nothing beyond what holds without it (a role, a type, the default), is about the answer's
    /// form alone, or is lost: whoever takes a line away has mended something.
    @Test func aFieldArrivesOrIsRefusedOrReported() throws {
        var lines: [String] = []
        for client in Self.clients {
            let fields = try PublishedField.all(client.file)
            #expect(fields.count > 40, "\(client.file) is empty")
            for provider in Dialect.allCases where provider != client.dialect.provider {
                let lost = fields.filter { !Self.isAccounted($0, client, provider) }
                let names = Set(lost.map { $0.path.joined(separator: ".") }).sorted()
                lines += names.map { "\(client.file) → \(provider): \($0)" }
            }
        }
        try PublishedField.expect(lines, toBe: "silent.txt")
    }

    private static func isAccounted(_ field: PublishedField, _ client: Client, _ provider: Dialect) -> Bool {
        let with = outcome(field.with, client, provider)
        let without = outcome(field.without, client, provider)
        switch (with, without) {
        case (.refused(let error), _):
            // What holds it is refused already, or it is itself.
            return with == without || (error.param.map { isAbout($0, field) } ?? false)
        case (.said, .refused): return true
        case (.said(let body, let omissions), .said(let bare, let others)):
            return body != bare
                || omissions.contains { holds($0.field, field) || (!others.contains($0) && isAbout($0.field, field)) }
        }
    }

    private static func components(_ param: String) -> [String] {
        param.split(separator: ".").map { String($0.prefix { $0 != "[" }) }
    }

    /// Whether a path is that of this field, or of one that holds it.
    private static func holds(_ param: String, _ field: PublishedField) -> Bool {
        field.path.starts(with: components(param))
    }

    /// Whether a path names this field, or one beside it; some are named as the form between dialects has them.
    private static func isAbout(_ param: String, _ field: PublishedField) -> Bool {
        let named = components(param)
        let holder = named.dropLast()
        return field.path.starts(with: named) || (!holder.isEmpty && field.path.starts(with: holder))
            || named.last == field.path.last
    }

    private static func outcome(_ body: [UInt8], _ client: Client, _ provider: Dialect) -> Outcome {
        do throws(RequestError) {
            let address = client.dialect == .gemini ? RequestAddress(model: "m") : nil
            let view = try RequestView(
                body: body,
                dialect: client.dialect,
                operation: client.operation,
                address: address
            )
            let chat = try client.dialect.chat(from: view)
            // Whether an answer comes in pieces, Gemini's address says.
            let (said, omissions) = try provider.request(chat, model: "m", stream: view.stream)
            let body = provider == .gemini && view.stream ? said + [0] : said
            return .said(body, client.dialect == .responses ? omissions.map(Responses.named) : omissions)
        } catch {
            return .refused(client.dialect == .responses ? Responses.named(error) : error)
        }
    }
}
