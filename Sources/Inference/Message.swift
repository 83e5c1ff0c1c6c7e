/// What was said so far, and by whom?
extension Chat {
    /// One message.
    package struct Message: Equatable, Sendable {
        /// Who speaks.
        package var role: Role
        /// What is said, in order.
        package var parts: [Part]
        /// The message's place in the client's request, counted from 0, to name it in errors.
        package var position: Int

        /// A message.
        package init(role: Role, parts: [Part], position: Int) {
            self.role = role
            self.parts = parts
            self.position = position
        }
    }

    /// Who speaks. A tool's answer is a message of its own.
    package enum Role: String, Equatable, Sendable {
        case system, user, assistant, tool
    }

    /// A piece of a message.
    package enum Part: Equatable, Sendable {
        case text(String)
        case image(Image)
        case file(File)
        case thought(Thought)
        case toolUse(ToolUse)
        case toolResult(ToolResult)
    }

    /// Where an image is to be had.
    package enum Image: Equatable, Sendable {
        /// At this http or https address.
        case url(String)
        /// Here, in base64.
        case data(mediaType: String, base64: String)
    }

    /// A document given to the model.
    package enum File: Equatable, Sendable {
        /// Here, in base64, with the name it is to have.
        case data(mediaType: String, base64: String, name: String?)
        /// At this address, with the name it is to have.
        case url(String, name: String?)
    }

    /// What a model thought before it spoke, as it stands in a conversation that goes on.
    package enum Thought: Equatable, Sendable {
        /// In words, with the provider's proof that they are its own; empty if it gave none.
        case open(String, signature: String)
        /// In a form only the provider can read.
        case redacted(String)
    }

    /// A model's wish that the client call a tool.
    package struct ToolUse: Equatable, Sendable {
        /// The call's name, which the result repeats.
        package var id: String
        /// The tool's name.
        package var name: String
        /// The arguments as the model wrote them: a JSON object if it wrote them rightly.
        package var arguments: String
        /// The provider's proof that its model made the call, which it wants back; nil if it gave none.
        package var signature: String?
        /// The call's own place in the client's request, where it has another one than what was said before it.
        var position: Int?

        /// A call.
        package init(id: String, name: String, arguments: String, signature: String? = nil) {
            self.id = id
            self.name = name
            self.arguments = arguments
            self.signature = signature
        }

        /// Where it stands is no part of what it says.
        package static func == (one: Self, other: Self) -> Bool {
            (one.id, one.name, one.arguments, one.signature)
                == (other.id, other.name, other.arguments, other.signature)
        }

        /// Its path, to name it in errors.
        /// - Parameter message: the path of the message that it stands in.
        func field(in message: String) -> String { (position.map { "messages[\($0)]" } ?? message) + ".tool_calls" }
    }

    /// What a tool answered.
    package struct ToolResult: Equatable, Sendable {
        /// The call it answers.
        package var id: String
        /// The answer's texts, in order.
        package var texts: [String]
        /// Whether the tool failed.
        package var isError: Bool

        /// A result.
        package init(id: String, texts: [String], isError: Bool = false) {
            self.id = id
            self.texts = texts
            self.isError = isError
        }
    }
}
