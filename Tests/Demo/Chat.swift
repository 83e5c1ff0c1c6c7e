import Lab
import LabText

/// What did a client of the model API see, and when? A streamed chat through the gateway, sent from the client's namespace.
struct Chat {
    let answer: WebAnswer
    /// The pieces of text with the time each came.
    let pieces: [(at: Moment, text: String)]

    var text: String { pieces.map(\.text).joined() }
    /// Which decision of the gateway it was, as `martlet explain` wants it.
    var decision: String { answer.headers["x-martlet-decision"]?.string ?? "" }
    /// Milliseconds from the request to the first piece of text.
    var firstAfter: Double { pieces.first.map { $0.at.milliseconds(since: answer.began) } ?? .infinity }
    /// Milliseconds between the first piece and the last.
    var spread: Double {
        guard let first = pieces.first, let last = pieces.last else { return 0 }
        return last.at.milliseconds(since: first.at)
    }
    /// Whether the whole answer came, with the dialect's mark of success at its end.
    var isWhole: Bool { answer.status == 200 && answer.outcome == "complete" && answer.eventData.last == "[DONE]" }

    init(_ answer: WebAnswer) {
        self.answer = answer
        pieces = zip(answer.events, answer.eventData).compactMap { event, data in
            Chat.text(of: data).map { (event.at, $0) }
        }
    }

    /// The piece of text in an event's data; nil when there is none.
    private static func text(of data: String) -> String? {
        let chunk = try? JSON.parse(data)
        let text = chunk?["choices"]?[0]?["delta"]?["content"]?.string
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Stage {
    private static let chatLimit = Duration.seconds(20)

    /// Asks, and prints the answer's pieces as they come.
    func chat(_ prompt: String, over family: Family) throws -> Chat {
        let narrator = martlet.narrator
        let endpoint = Site.lan.endpoint(family, port: SiteFile.port)
        narrator.command(
            "curl -N http://\(endpoint)/v1/chat/completions -H 'authorization: Bearer …' -d …",
            in: "client"
        )
        narrator.piece("    client: \(prompt)\n    answer: ")
        let request = try WebRequest(
            to: endpoint,
            path: "/v1/chat/completions",
            headers: ["authorization: Bearer \(SiteFile.clientKey)"],
            body: ["model": "auto", "stream": true, "messages": [["role": "user", "content": .string(prompt)]]],
            within: Stage.chatLimit,
            from: site.client,
            in: site.workspace
        )
        var shown = 0
        try eventually("the end of the answer", within: Stage.chatLimit, every: .milliseconds(10)) {
            let soFar = request.soFar
            let pieces = Chat(soFar).pieces
            for piece in pieces[shown...] { narrator.piece(piece.text) }
            shown = pieces.count
            return soFar.outcome != WebAnswer.unfinished
        }
        let chat = Chat(try request.finish())
        if let refusal = chat.answer.body { narrator.piece(refusal) }
        narrator.piece("\n")
        return chat
    }

    /// The gateway's record of a chat; its report may follow the answer by some milliseconds.
    func record(of chat: Chat) throws -> JSON {
        try eventually("the record of the decision \(chat.decision)", within: .seconds(5), every: .milliseconds(20)) {
            try martlet.json("show", "decisions").elements?.first { $0["id"]?.string == chat.decision }
        }
    }
}
