import LabText

/// What is put on the wire for one request, step by step?
struct Reply: Sendable {
    /// One thing to do.
    enum Step: Sendable {
        case head(status: Int, headers: [(String, String)])
        case body(String)
        /// What is no text.
        case bytes([UInt8])
        /// Wait so many milliseconds.
        case pause(Int)
        /// End the answer as it should be ended.
        case end
        /// Close the connection at once, in the middle of whatever it was.
        case drop
        /// Say nothing more until the client goes away.
        case silence
    }

    var steps: [Step]
    /// What the record says of it: `answered`, `refused`, the mode's word.
    var outcome: String
    /// The answer's HTTP status, nil when there is none.
    var status: Int? {
        for case .head(let status, _) in steps { return status }
        return nil
    }

    /// A whole JSON answer.
    static func json(_ body: JSON, status: Int = 200, headers: [(String, String)] = [], outcome: String) -> Reply {
        let text = body.description
        let all = [("content-type", "application/json"), ("content-length", String(text.utf8.count))] + headers
        return Reply(steps: [.head(status: status, headers: all), .body(text), .end], outcome: outcome)
    }

    /// - Parameter type: of the pieces.
    static func streamHeaders(_ type: String) -> [(String, String)] {
        [("content-type", type), ("cache-control", "no-cache")]
    }
}
