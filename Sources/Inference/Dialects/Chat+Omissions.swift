/// Which fields of a request go without effect at several providers, for the same reason at each?
extension Chat {
    /// What models thought in answers before, where it means nothing to this provider's: in words, and sealed.
    var unheardThoughts: [Omission] {
        let parts = messages.lazy.flatMap(\.parts)
        let isSealed = { (part: Part) in
            if case .thought(.redacted) = part { true } else { false }
        }
        var fields: [Omission] = []
        if parts.contains(where: { $0.isThought && !isSealed($0) }) {
            fields.append(.hint("messages.content.thinking"))
        }
        if parts.contains(where: isSealed) { fields.append(.hint("messages.content.data")) }
        return fields
    }

    /// What is said of calls where there is no tool that could be called.
    var idleChoices: [Omission] {
        guard tools.isEmpty else { return [] }
        return (toolChoice == nil ? [] : [.hint("tool_choice")])
            + (allowsParallelTools == nil ? [] : [.hint("parallel_tool_calls")])
    }

    /// A schema's name, where a schema goes by none.
    var namedForm: [Omission] {
        if case .jsonSchema(_?, _) = responseFormat { [.hint("response_format.json_schema.name")] } else { [] }
    }

    /// What is said of thinking, where there is a word for the effort and for nothing else.
    var thinkingBesideEffort: [Omission] {
        var fields: [Omission] = []
        switch thinking {
        case .off: if effort != "none" { fields.append(.hint("thinking")) }
        // The effort says that it shall think.
        case .on(let budget):
            if effort == nil { fields.append(.hint("thinking")) } else if budget != nil { fields.append(Self.budget) }
        case nil: break
        }
        if showsThoughts { fields.append(.hint("thinking.display")) }
        return fields
    }

    /// How long a model shall think, in tokens, where it is told in words.
    static let budget = Omission.hint("thinking.budget_tokens")

    /// The name of a file that there is no place for.
    static let fileName = Omission.hint("messages.content.file.filename")
}

extension Chat.Part {
    /// A file that has a name.
    var isNamedFile: Bool {
        switch self {
        case .file(.data(_, _, _?)), .file(.url(_, _?)): true
        case .text, .image, .file, .thought, .toolUse, .toolResult: false
        }
    }

    /// Sound that has a name.
    var isNamedSound: Bool {
        if case .file(.data(let type, _, _?)) = self { type.hasPrefix("audio/") } else { false }
    }

    /// A file that has a name and stands elsewhere.
    var isNamedAddress: Bool {
        if case .file(.url(_, _?)) = self { true } else { false }
    }
}
