/// What a bfd-tool is asked to keep: the words of its command line.
import Liveness
import NetTypes
import PolicyEngine

/// `bfd-tool SESSION … [--then SESSION …]`, where a session is
/// `DEVICE,PEER,TX,RX,MULTIPLIER[,passive][,TYPE:ID:FILE]`, times in milliseconds.
struct ToolOptions {
    struct Misuse: Error {
        let word: String
    }

    private(set) var first: [BFDSubject] = []
    private(set) var then: [BFDSubject] = []

    init(_ words: [String]) throws(Misuse) {
        var isFirst = true
        for word in words {
            if word == "--then" {
                isFirst = false
            } else if isFirst {
                first.append(try Self.session(word))
            } else {
                then.append(try Self.session(word))
            }
        }
    }

    private static func session(_ word: String) throws(Misuse) -> BFDSubject {
        let parts = word.split(separator: ",").map(String.init)
        guard parts.count >= 5, let peer = IPAddress(parts[1]), let tx = Int64(parts[2]), let rx = Int64(parts[3]),
            let multiplier = Int(parts[4])
        else { throw Misuse(word: word) }
        return BFDSubject(
            members: ["tool.\(parts[1])"],
            scope: HealthScope(peer.family),
            device: parts[0],
            peer: peer,
            parameters: BFDParameters(
                transmit: .milliseconds(tx),
                receive: .milliseconds(rx),
                multiplier: multiplier,
                isPassive: parts.contains("passive")
            ),
            authentication: parts.dropFirst(5).lazy.compactMap(Self.authentication).first,
            upAfter: .zero
        )
    }

    private static func authentication(_ part: String) -> BFDAuthenticationPlan? {
        let words = part.split(separator: ":", maxSplits: 2).map(String.init)
        guard words.count == 3, let type = BFDAuthenticationType(rawValue: words[0]), let id = UInt8(words[1]) else {
            return nil
        }
        return BFDAuthenticationPlan(type: type, keyID: id, key: .file(words[2]))
    }
}
