/// Of which kinds are the parts of a prompt? Looked up in the request as it came, in the words of each dialect, each message once.
import Wire

package struct Modalities: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let audio = Modalities(rawValue: 1)
    package static let file = Modalities(rawValue: 2)
    package static let image = Modalities(rawValue: 4)
    package static let text = Modalities(rawValue: 8)
    package static let video = Modalities(rawValue: 16)

    /// What a policy may ask for with `prompt.modality has`, each at the place of its bit.
    package static let names = ["audio", "file", "image", "text", "video"]

    /// In the order of `names`.
    package var words: [String] { Self.names.indices.filter { rawValue & 1 << $0 != 0 }.map { Self.names[$0] } }

    /// Those of a request.
    init(_ request: JSONDocument) {
        self = []
        // Of Ollama's one prompt.
        if Self.holdsAny(request["images"]) { insert(.image) }
        if PromptParts.onlyText(request) != nil { insert(.text) }
        for message in PromptParts.messages(request).elements { add(message) }
    }

    /// As `PromptParts.content`, and images beside it, as Ollama's dialect has them.
    private mutating func add(_ message: JSONView) {
        var content: JSONView?
        for member in message.members {
            if member.spells("content") || content == nil && (member.spells("parts") || member.spells("output")) {
                content = member.value
            } else if member.spells("images"), Self.holdsAny(member.value) {
                insert(.image)
            }
        }
        guard let content else { return }
        if content.kind == .string { insert(.text) }
        for part in content.elements {
            if let kind = Modalities(ofPart: part) { formUnion(kind) }
            // What a tool showed is shown to the model too.
            for inner in part["content"]?.elements ?? part.elements {
                if let kind = Modalities(ofPart: inner) { formUnion(kind) }
            }
        }
    }

    /// That of one part; nil: what it holds is not said.
    init?(ofPart part: JSONView) {
        switch part["type"]?.string {
        case "text", "input_text", "output_text", "refusal": self = .text
        case "image_url", "image", "input_image": self = .image
        case "input_audio", "audio": self = .audio
        case "file", "document", "input_file": self = .file
        case "video_url", "video": self = .video
        case nil: self.init(ofUntyped: part)
        default: return nil
        }
    }

    /// A part of Gemini's API has no type, but a member that tells what it is.
    private init?(ofUntyped part: JSONView) {
        guard let file = part.either("inlineData") ?? part.either("fileData") else {
            guard part["text"]?.kind == .string else { return nil }
            self = .text
            return
        }
        let type = file.either("mimeType")?.string ?? ""
        let kinds: [(String, Modalities)] = [
            ("audio/", .audio), ("image/", .image), ("video/", .video), ("text/", .text),
        ]
        self = kinds.first { type.hasPrefix($0.0) }?.1 ?? .file
    }

    private static func holdsAny(_ images: JSONView?) -> Bool { images?.elements.contains { _ in true } ?? false }
}
