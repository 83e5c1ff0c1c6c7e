/// A first configuration from what the kernel has: default routes become a group, static routes stay routes, and what the format cannot
/// say becomes a comment.
import ConfigModel
import ConfigSyntax
import Forwarding
import Kernel
import NetTypes

struct ImportedFile: Encodable, Equatable {
    /// The file.
    let text: String
    /// What it does not say, in words; the same stands in the file as comments.
    let notes: [String]

    init(_ seen: SeenKernel, window: OwnershipWindow = .standard) {
        var draft = ImportDraft(seen, window)
        draft.takeRoutes()
        draft.noteTheRest()
        notes = draft.notes
        text = Self.text(draft)
    }

    private static func text(_ draft: ImportDraft) -> String {
        var lines = [
            "# A first file, from what the kernel has. Read it, then: martlet check, martlet plan, martlet apply."
        ]
        if !draft.notes.isEmpty { lines += ["#", "# What it does not say, and what is left to do:"] }
        lines += draft.notes.map { "#   \($0)" }
        lines += ["version: 1", ""]
        guard !draft.routes.isEmpty else {
            return (lines + ["# No route was found that could be taken over.", ""]).joined(separator: "\n")
        }
        lines.append("network:")
        if !draft.groups.isEmpty { lines.append("  groups:") }
        for group in draft.groups {
            lines += ["    \(group.name):", "      members:"] + group.members.map { "        \($0.line)" }
        }
        lines.append("  routes:")
        lines += draft.routes.map { "    \($0.destination): \($0.use)" + ($0.note.map { " # \($0)" } ?? "") }
        return (lines + [""]).joined(separator: "\n")
    }
}

/// A member as it will be written.
struct ImportedMember: Equatable {
    var name: String
    let device: String
    var gateways: [AddressFamily: IPAddress] = [:]
    var weight: UInt32
    var tier: Int
    var note: String?

    var line: String {
        var parts = ["dev: \(YAMLText.quoted(device))"]
        let gateways = AddressFamily.allCases.compactMap { family in self.gateways[family].map { (family, $0) } }
        if gateways.count == 1 {
            parts.append("via: \(YAMLText.quoted("\(gateways[0].1)"))")
        } else if gateways.count == 2 {
            let both = gateways.map { "\($0.0 == .v4 ? "v4" : "v6"): \(YAMLText.quoted("\($0.1)"))" }
            parts.append("via: { \(both.joined(separator: ", ")) }")
        }
        if weight != 1 { parts.append("weight: \(weight)") }
        if tier != 1 { parts.append("tier: \(tier)") }
        return "\(name): { \(parts.joined(separator: ", ")) }" + (note.map { " # \($0)" } ?? "")
    }
}

struct ImportedGroup: Equatable {
    let name: String
    var members: [ImportedMember]
}

struct ImportedRoute: Equatable {
    let destination: String
    let use: String
    var note: String?
}

/// How is a text written so that the strict reader takes it for the same?
enum YAMLText {
    static func quoted(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                || "-_./".unicodeScalars.contains(scalar)
        }
        if isPlain, let first = text.unicodeScalars.first, first != "-", first != "." { return text }
        return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// A name of the format: letters, digits, `-` and `_`, at most 63.
    static func name(_ text: String) -> String {
        let name = text.unicodeScalars.map { scalar -> Character in
            let isKept =
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                || scalar == "_"
            return isKept ? Character(scalar) : "-"
        }
        return String(String(name).prefix(63))
    }
}
