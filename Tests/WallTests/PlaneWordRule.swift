/// Does the policy engine know either plane? It serves packets and prompts alike, so none of its names may speak of one of them.

enum PlaneWordRule {
    private static let target = "PolicyEngine"

    /// Words of one plane only. Names are split at their capitals, a plural counts as its singular.
    private static let network: Set = [
        "nexthop", "route", "router", "routing", "netlink", "nftables", "nft", "kernel", "packet", "uplink", "dev",
        "ifindex",
        "interface", "carrier", "subnet", "vlan", "tcp", "udp", "icmp", "bfd", "dport", "sport", "iif", "masquerade",
    ]
    private static let models: Set = [
        "prompt", "model", "token", "provider", "chat", "dialect", "llm", "completion", "openai", "anthropic", "gemini",
        "gateway", "http", "sse", "budget", "modality",
    ]

    /// Every name in the policy engine that speaks of one plane, in order of file and line.
    static func violations(in files: [SourceFile]) -> [Violation] {
        files.filter { $0.target == target }
            .flatMap { file in
                tokens(of: file.text).filter(\.isWord).flatMap { token in
                    planeWords(of: token.text).map {
                        Violation(file: file.path, line: token.line, what: "`\(token.text)` speaks of \($0)")
                    }
                }
            }
            .sorted()
    }

    private static func planeWords(of name: String) -> [String] {
        let words = words(of: name)
        // `nextHop` is `nexthop` in two words.
        let pairs = zip(words, words.dropFirst()).map { $0 + $1 }
        return (words + pairs).map(singular).compactMap { word in
            if network.contains(word) { return "the network plane" }
            return models.contains(word) ? "the model plane" : nil
        }
    }

    private static func singular(_ word: String) -> String {
        word.hasSuffix("s") && !network.contains(word) ? String(word.dropLast()) : word
    }

    /// `HTTPModelName` → `http`, `model`, `name`; `max_tokens` → `max`, `tokens`.
    static func words(of name: String) -> [String] {
        let characters = Array(name)
        var words: [String] = []
        var word = ""
        for (index, character) in characters.enumerated() {
            let next = index + 1 < characters.count ? characters[index + 1] : nil
            let startsWord = character.isUppercase && (word.last?.isUppercase == false || next?.isLowercase == true)
            if character == "_" || startsWord, !word.isEmpty {
                words.append(word)
                word = ""
            }
            if character != "_" { word.append(character) }
        }
        return (word.isEmpty ? words : words + [word]).map { $0.lowercased() }
    }
}
