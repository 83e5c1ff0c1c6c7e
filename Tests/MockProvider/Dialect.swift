import LabText

/// What must a provider's language say? One implementation for each dialect.
protocol Dialect: Sendable {
    /// The only models it knows.
    var models: [String] { get set }

    /// Where questions go.
    var chatPath: String { get }

    /// Whether a path, with its query, is one that questions go to.
    func takesChat(_ path: String) -> Bool

    /// Where the models are listed.
    var modelsPath: String { get }

    /// The type of a stream.
    var streamType: String { get }

    /// Whether the request may ask at all: key, version, in the way this provider wants them.
    func admit(_ request: Request) throws(Refusal)

    /// Reads a question, as strictly as the provider does.
    func question(_ body: JSON) throws(Refusal) -> Question

    /// The same where the path says a part of it.
    func question(_ body: JSON, at path: String) throws(Refusal) -> Question

    /// The whole answer at once.
    func whole(_ answer: Answer, to question: Question, number: Int) -> JSON

    /// The answer in pieces: server-sent events, each with its blank line, or lines.
    func events(_ answer: Answer, to question: Question, number: Int) -> [String]

    /// The answer at another path than that of conversations; nil where there is nothing.
    func elsewhere(_ path: String, _ body: JSON, number: Int) throws(Refusal) -> Elsewhere?

    /// What is asked of an answer that was kept; nil where none are.
    func kept(_ request: Request, number: Int) throws(Refusal) -> Elsewhere?

    /// The answer about pictures, sound or order; nil where there is nothing.
    func media(_ request: Request, number: Int) throws(Refusal) -> Reply?

    /// An error in this provider's shape.
    func error(_ refusal: Refusal, number: Int) -> JSON

    /// An error as an event of a stream.
    func errorEvent(_ refusal: Refusal, number: Int) -> String

    /// `GET /v1/models`.
    func modelList(_ models: [String], name: String) -> JSON

    /// `GET /v1/models/NAME`.
    func modelEntry(_ model: String, name: String) -> JSON

    /// Headers every answer carries.
    func headers(number: Int) -> [(String, String)]
}

extension Dialect {
    var modelsPath: String { "/v1/models" }
    func takesChat(_ path: String) -> Bool { path == chatPath }
    func media(_ request: Request, number: Int) throws(Refusal) -> Reply? { nil }
    func question(_ body: JSON, at path: String) throws(Refusal) -> Question { try question(body) }
    func kept(_ request: Request, number: Int) throws(Refusal) -> Elsewhere? { nil }
    var streamType: String { "text/event-stream; charset=utf-8" }
}

/// A request that has come in whole.
struct Request: Sendable {
    var method: String
    var path: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    /// The value of a header, its name in lower case; values given more than once are joined.
    func header(_ name: String) -> String? {
        let values = headers.filter { $0.name == name }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}

/// A request that is not answered, and why.
struct Refusal: Error, Sendable {
    var status: Int
    /// What is wrong, for a reader.
    var message: String
    /// The field at fault, where the provider names one.
    var field: String?
    /// OpenAI's machine-readable word.
    var code: String?
}
