package import LabText

/// What does a `lab-tool` inside a namespace say? It speaks JSON lines; the first tells that it is ready.
package final class LabTool: Sendable {
    package let process: ChildProcess

    /// A tool that did not start, with what it said instead.
    package struct NotReady: Error, CustomStringConvertible {
        package var description: String
    }

    /// From start to ready; opening sockets takes a few milliseconds, a busy machine some more.
    private static let startLimit = Duration.seconds(10)
    /// From the request to stop to the result: a stream lingers for late replies.
    private static let endLimit = Duration.seconds(15)

    /// Starts it and waits until it is ready.
    init(_ arguments: [String], in namespace: Namespace) throws {
        process = try namespace.spawn([try Programs.built("lab-tool")] + arguments)
        try eventually("lab-tool \(arguments.first ?? "") in \(namespace.name)", within: LabTool.startLimit) {
            // Ended is asked first: what was written before the end is then seen.
            let ended = process.ended
            if !lines.isEmpty { return true }
            if let ended { throw NotReady(description: "\(process.label) ended: \(ended): \(process.errorOutput)") }
            return nil
        }
    }

    /// All it has said so far.
    package var lines: [JSON] {
        let text = process.output
        let complete = text[..<(text.lastIndex(of: "\n") ?? text.startIndex)]
        return complete.split(separator: "\n").compactMap { try? JSON.parse(String($0)) }
    }

    /// Asks it to end and gives its last line.
    ///
    /// - Throws: ``TimedOut`` or ``NotReady``.
    package func finish() throws -> JSON {
        process.signal(15)  // SIGTERM
        return try waitForResult(within: LabTool.endLimit)
    }

    /// Waits until it ends by itself and gives its last line.
    func waitForResult(within limit: Duration) throws -> JSON {
        let ending = try process.waitForEnd(within: limit)
        guard ending.isSuccess, let result = lines.last, result["event"]?.string == "end" else {
            throw NotReady(description: "\(process.label) gave no result (\(ending)): \(process.errorOutput)")
        }
        return result
    }

    /// Ends it without asking what it measured.
    package func stop() {
        process.stop()
    }
}
