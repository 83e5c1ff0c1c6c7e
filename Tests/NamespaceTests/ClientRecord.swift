/// What came of the real clients' cases when it was last looked at? One line for each client and provider, held against what comes of them
/// now.
import Foundation
import Lab
import LabText
import Testing

enum ClientRecord {
    /// Set, the file is written instead of compared. Read the difference before you commit it, and run `scripts/models-matrix` after it.
    private static let writesVariable = "MARTLET_WRITE_GOLDEN"

    private static let path = ModelsSite.tests + "/Fixtures/clients.jsonl"

    static func expect(_ lines: [String]) throws {
        if ProcessInfo.processInfo.environment[writesVariable] != nil {
            return try TextFile.write(lines.map { $0 + "\n" }.joined(), to: path)
        }
        let known = TextFile.read(path).split(separator: "\n").map(String.init)
        #expect(known.count == lines.count)
        for (now, before) in zip(lines, known) { #expect(now == before) }
    }
}
