/// What did a server of models say of itself, and which of its models does that make a member's?
package import PolicyEngine

/// One round's reading of a local server: what it serves, and how much it has to do.
package struct ServerReading: Hashable, Sendable, Codable {
    /// Loaded ones first; at most `mostModels`.
    package var models: [ServedModel]
    /// It answers by its one model, whatever a request names.
    package var takesAnyName: Bool?
    /// Requests that it works on; nil: it does not say.
    package var running: UInt32?
    /// Requests that it has not begun; nil: it does not say.
    package var waiting: UInt32?
    /// What it was asked of its models and has not answered; nil: nothing. What is said of them then is what is taken where nothing better is known.
    package var unanswered: Unanswered?

    package enum Unanswered: String, Hashable, Sendable, Codable {
        /// Which of them are loaded, and so with how much room.
        case loaded
        /// How much room some have of which nothing is said.
        case contexts
    }

    /// A server with more than these is a library: loaded and wanted models come first, and the rest is not needed.
    package static let mostModels = 32
    /// Bytes of a model's name: paths of files are used as names.
    static let longestName = 512

    package init(
        models: [ServedModel],
        takesAnyName: Bool? = nil,
        running: UInt32? = nil,
        waiting: UInt32? = nil
    ) {
        (self.models, self.takesAnyName, self.running, self.waiting) = (models, takesAnyName, running, waiting)
    }

    /// Requests that it has, begun or not; nil: it says nothing of either.
    package var queue: Int? {
        running == nil && waiting == nil ? nil : Int(running ?? 0) + Int(waiting ?? 0)
    }

    /// As much of it as may be kept, whoever made it.
    package var bounded: ServerReading {
        var copy = self
        copy.models = Array(models.lazy.filter { ServedModel.isName($0.name) }.prefix(Self.mostModels))
        return copy
    }

    /// With what was not answered as it was before. What was half known before stays so.
    package func filled(from old: ServerReading?) -> ServerReading {
        guard let unanswered, let old else { return self }
        var copy = self
        copy.unanswered = old.unanswered
        switch unanswered {
        case .loaded:
            // A long list may have been cut with what is loaded behind the cut.
            let isCut = models.count >= Self.mostModels
            let known = old.models.filter { before in isCut || models.contains { $0.isNamed(before.name) } }
            let others = models.filter { new in !known.contains { $0.isNamed(new.name) } }
            copy.models = Array((known + others).prefix(Self.mostModels))
        case .contexts:
            for index in models.indices where models[index].context == nil {
                copy.models[index].context = old.models.first { $0.isNamed(models[index].name) }?.context
            }
        }
        return copy
    }

    /// Which of its models a member is asked for, or why none.
    /// - Parameters:
    ///   - name: as configured; nil: whichever it has loaded.
    ///   - before: what a member without a name was asked for until now, which it keeps while that is there and nothing else is meant.
    package func model(for name: String?, before: String?) -> Result<ServedModel, NoSuchModel> {
        if let name {
            let found = takesAnyName == true ? models.first : models.first { $0.answers(to: name) }
            return found.map { .success($0) } ?? .failure(.notServed)
        }
        let loaded = models.filter(\.isLoaded)
        if loaded.count == 1 { return .success(loaded[0]) }
        let choices = loaded.isEmpty ? models : loaded
        if choices.count == 1 { return .success(choices[0]) }
        if let before, let same = choices.first(where: { $0.name == before }) { return .success(same) }
        return .failure(choices.isEmpty ? .nothing : .several)
    }
}

/// One model of a server.
package struct ServedModel: Hashable, Sendable, Codable {
    package var name: String
    /// Tokens that prompt and answer may have together as it runs, or would run; nil: not said.
    package var context: UInt64?
    /// Whether it answers without having to be loaded first.
    package var isLoaded: Bool

    package init(_ name: String, context: UInt64? = nil, isLoaded: Bool = true) {
        (self.name, self.context, self.isLoaded) = (name, context, isLoaded)
    }

    /// Ollama's names end with a tag that need not be said when it is `latest`.
    func answers(to asked: String) -> Bool {
        guard name.utf8.starts(with: asked.utf8) else { return false }
        let rest = name.utf8.dropFirst(asked.utf8.count)
        return rest.isEmpty || rest.elementsEqual(":latest".utf8)
    }

    /// Byte by byte: what a server has made up to look alike need not be the same, and must not take long.
    func isNamed(_ other: String) -> Bool { name.utf8.elementsEqual(other.utf8) }

    /// What can be asked for, shown and logged.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= ServerReading.longestName
            && !name.unicodeScalars.contains { [.control, .format].contains($0.properties.generalCategory) }
    }
}

/// Why a server has no model for a member.
package enum NoSuchModel: String, Error, Hashable, Sendable {
    /// It does not serve the one that is configured.
    case notServed = "model-not-served"
    /// It serves none.
    case nothing = "no-model"
    /// It has several, and the configuration names none.
    case several = "several-models"

    package var cause: Cause { Cause(rawValue) }
}
