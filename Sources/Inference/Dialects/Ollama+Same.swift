import Wire

/// What of a request changes for a provider of the client's own dialect? The model's name, and what is left out because it is the server's affair:
/// how long a model stays in memory and how it is held there, which is the same for everybody who asks it. Every other byte is the client's.
extension Ollama {
    /// The request for a provider of this dialect, and the fields that it is not told.
    /// - Throws: a field that the server would take for one that was read here as nothing.
    package static func upstreamBody(
        _ view: RequestView,
        model: String
    ) throws(RequestError) -> (body: [UInt8], omissions: [String]) {
        var edits: [JSONEdit] = []
        var omissions: [String] = []
        for member in view.document.members {
            let name = view.document.name(of: member)
            try refuseOtherLetters(name)
            if name == stay {
                edits.append(.remove(name))
                omissions.append(name)
            } else if name == "options" {
                let options = view.document.value(of: member).members.map(\.name).filter(loadOptions.contains)
                if !options.isEmpty { edits.append(.each(name, options.map { .remove($0) })) }
                omissions += options.map { "options.\($0)" }
            }
        }
        return (view.body(model: model, edits), omissions)
    }

    /// How long the model stays in memory.
    static let stay = "keep_alive"

    /// Options that say how a server holds a model; another value of one has it loaded anew.
    static let loadOptions: Set<String> = [
        "embedding_only", "f16_kv", "logits_all", "low_vram", "main_gpu", "num_batch", "num_ctx", "num_gpu",
        "num_thread", "numa", "use_mlock", "use_mmap", "vocab_only",
    ]

    /// Fields that something is decided by here.
    private static let read: Set<String> = [stay, "messages", "model", "options", "prompt", "stream"]
    /// Bytes of the longest of them, in letters that take three.
    private static let longest = 30

    /// The server reads names as Go does: large and small letters are the same to it, the long s is an s and the Kelvin sign a k.
    private static func refuseOtherLetters(_ name: String) throws(RequestError) {
        guard name.utf8.count <= longest, !read.contains(name) else { return }
        let taken = name.uppercased().lowercased()
        guard read.contains(taken) else { return }
        throw .inexpressible(name, in: .ollama, "the server would take it for '\(taken)'")
    }
}
