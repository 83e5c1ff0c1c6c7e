import Lab
import LabText

/// Step 2: do packets and prompts get through while all is well?
extension Demo {
    /// Packets a second of each stream: a gap is seen to a millisecond.
    static let rate = 1000

    mutating func carryTraffic() throws {
        narrator.title("2. All is well: packets of both families, and a chat")
        narrator.say(
            "\(Demo.rate) packets a second from the client to the far side and back, in IPv4 and in IPv6, for a second:"
        )
        let streams = try startStreams()
        rest(.seconds(1))
        for (family, stream) in streams {
            let result = try stream.finish()
            expect("all well, \(family.words) packets lost of \(result.sent)", count: result.lost, exactly: 0)
        }
        try expectWayOut("all well", "wan.fiber")
        narrator.say("The same client asks the gateway on the router, which holds the providers' keys, for a chat:")
        let chat = try stage.chat("Does a martlet land?", over: .v4)
        let record = try stage.record(of: chat)
        expect("all well, chat answered by", is: record.answeredBy, "chat.first over wan.fiber")
        expect("all well, first word", milliseconds: chat.firstAfter, atMost: 500)
        expectArrivalInPieces(of: chat)
        try stage.martlet.show("explain", chat.decision)
    }

    /// Text must come as it is made: the mock makes a piece every 100 ms, and nothing on the way may collect them.
    private mutating func expectArrivalInPieces(of chat: Chat) {
        let pauses = zip(chat.pieces, chat.pieces.dropFirst()).map { $1.at.milliseconds(since: $0.at) }
        let longest = pauses.max() ?? 0
        expect(
            "all well, longest pause between \(chat.pieces.count) pieces made every 100 ms",
            inMilliseconds(longest),
            "90 to 150 ms",
            chat.isWhole && longest >= 90 && longest <= 150 * Demo.patience,
            isLate: longest > 150
        )
    }

    /// A stream of each family.
    func startStreams() throws -> [(Family, PacketStream)] {
        try Family.allCases.map { ($0, try stage.site.packets(family: $0, rate: Demo.rate)) }
    }
}

extension Family {
    var words: String {
        switch self {
        case .v4: "IPv4"
        case .v6: "IPv6"
        }
    }
}

extension JSON {
    /// Of a decision record: the member that answered and its path, `chat.first over wan.fiber`.
    var answeredBy: String {
        guard let last = self["attempts"]?.elements?.last, last["failure"] == nil else { return "nobody" }
        return "\(last["member"]?.string ?? "?") over \(last["path"]?.string ?? "no path")"
    }
}
