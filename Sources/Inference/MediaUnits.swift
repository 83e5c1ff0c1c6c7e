/// In what is counted what is no text? Pictures that were made, time of sound that was heard, characters that were spoken.
package struct MediaUnits: Hashable, Sendable, Codable {
    /// Pictures that were made.
    package var images: UInt64
    /// Milliseconds of sound that was heard.
    package var milliseconds: UInt64
    /// Characters (Unicode scalars) of a text that was spoken.
    package var characters: UInt64

    /// Counts; of nothing none.
    package init(images: UInt64 = 0, milliseconds: UInt64 = 0, characters: UInt64 = 0) {
        (self.images, self.milliseconds, self.characters) = (images, milliseconds, characters)
    }

    /// Whether there is nothing to count.
    package var isEmpty: Bool { images == 0 && milliseconds == 0 && characters == 0 }

    /// For a person: `2 images, 12.5 s of sound`; empty where there is nothing.
    package var words: String {
        var parts: [String] = []
        if images > 0 { parts.append(images == 1 ? "1 image" : "\(images) images") }
        if milliseconds > 0 {
            let rest = milliseconds % 1000 / 100
            parts.append("\(milliseconds / 1000)\(rest > 0 ? ".\(rest)" : "") s of sound")
        }
        if characters > 0 { parts.append("\(characters) spoken characters") }
        return parts.joined(separator: ", ")
    }
}
