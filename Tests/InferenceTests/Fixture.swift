import Foundation
import Testing

/// A file under `Tests/Fixtures/dialects`. Names say what is in it: `anthropic.tools.stream.sse` is what a provider of that
/// dialect sends, `openai_anthropic.tools.stream.sse` what an OpenAI client gets of it (or, for a request, what the provider
/// gets of an OpenAI client's).
struct Fixture {
    /// Set, tests write what they got instead of comparing it. Read the difference before you commit it.
    private static let writesVariable = "MARTLET_WRITE_GOLDEN"

    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/dialects")

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// Compares byte for byte.
    static func expect(_ bytes: [UInt8], toBe name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let file = folder.appendingPathComponent(name)
        if ProcessInfo.processInfo.environment[writesVariable] != nil {
            try Data(bytes).write(to: file)
            return
        }
        let expected = Array(try Data(contentsOf: file))
        #expect(
            String(decoding: bytes, as: UTF8.self) == String(decoding: expected, as: UTF8.self),
            "\(name)",
            sourceLocation: sourceLocation
        )
        #expect(bytes == expected, "\(name)", sourceLocation: sourceLocation)
    }
}
