/// Is what comes back over a connection the answer that an HTTP probe expects?
///
/// Bytes of strangers, taken in as they come and in bounds: a head of at most 16 KiB, of the body no more than is looked at.
import Wire

package struct HTTPAnswer: Sendable {
    /// How much of a body is searched.
    package static let longestBody = 64 << 10
    /// Interim responses (RFC 9110 §15.2) before the final one; more is a game.
    private static let mostInterims = 8

    /// What the bytes so far come to.
    package enum Step: Hashable, Sendable {
        case more
        /// Nothing that comes could change it: nil when the answer is good.
        case done(ProbeFault?)
    }

    private enum Stage: Sendable {
        case head(interims: Int)
        case body(HTTPResponseHead, HTTPChunkReader)
        case done
    }

    private let question: HTTPQuestion
    private var stage = Stage.head(interims: 0)
    private var bytes: [UInt8] = []
    /// The status of the final response, once it is known.
    package private(set) var status: Int?

    package init(to question: HTTPQuestion) { self.question = question }

    /// Takes bytes in.
    package mutating func receive(_ new: [UInt8]) -> Step {
        switch stage {
        case .head(let interims):
            bytes += new
            return readHead(interims)
        case .body(let head, let chunks): return readBody(new, head, chunks)
        case .done: return .more
        }
    }

    /// The connection has ended.
    package mutating func end() -> ProbeFault? {
        defer { stage = .done }
        switch stage {
        case .head: return ProbeFault(.broken, bytes.isEmpty ? "closed without a response" : "closed within the head")
        case .body(let head, let chunks):
            let isWhole =
                switch head.framing {
                case .untilClose: true
                case .length(let length): bytes.count >= length
                case .chunked: chunks.isComplete
                }
            return isWhole ? missingBody : ProbeFault(.broken, "closed within the body")
        case .done: return nil
        }
    }

    private var missingBody: ProbeFault {
        ProbeFault(.wrongBody, "'\(question.body ?? "")' is not in the first \(bytes.count) bytes of the body")
    }

    private mutating func readHead(_ interims: Int) -> Step {
        do throws(HTTPHeadError) {
            guard let (head, length) = try HTTPResponseHead.parse(bytes) else { return .more }
            let rest = Array(bytes[length...])
            bytes = []
            // 101 ends HTTP on the connection; nobody asked for it.
            if head.status < 200, head.status != 101, interims < Self.mostInterims {
                stage = .head(interims: interims + 1)
                return rest.isEmpty ? .more : receive(rest)
            }
            return judge(head, rest)
        } catch {
            stage = .done
            return .done(ProbeFault(.badResponse, Self.words(error)))
        }
    }

    private mutating func judge(_ head: HTTPResponseHead, _ rest: [UInt8]) -> Step {
        status = head.status
        guard question.expect.contains(where: { $0.contains(head.status) }) else {
            stage = .done
            return .done(ProbeFault(.wrongStatus, "status \(head.status)"))
        }
        guard question.body != nil else {
            stage = .done
            return .done(nil)
        }
        stage = .body(head, HTTPChunkReader())
        return readBody(rest, head, HTTPChunkReader())
    }

    private mutating func readBody(_ new: [UInt8], _ head: HTTPResponseHead, _ chunks: HTTPChunkReader) -> Step {
        var chunks = chunks
        let before = bytes.count
        switch head.framing {
        case .chunked:
            guard let part = try? chunks.feed(new) else {
                stage = .done
                return .done(ProbeFault(.badResponse, "the chunks cannot be read"))
            }
            bytes += part
        // What follows belongs to no body.
        case .length(let length): bytes += new.prefix(max(0, length - before))
        case .untilClose: bytes += new
        }
        bytes = Array(bytes.prefix(Self.longestBody))
        stage = .body(head, chunks)
        if hasText(from: before) {
            stage = .done
            return .done(nil)
        }
        guard isComplete(head, chunks) else { return .more }
        stage = .done
        return .done(missingBody)
    }

    private func isComplete(_ head: HTTPResponseHead, _ chunks: HTTPChunkReader) -> Bool {
        if bytes.count >= Self.longestBody { return true }
        return switch head.framing {
        case .length(let length): bytes.count >= length
        case .chunked: chunks.isComplete
        case .untilClose: false
        }
    }

    /// Whether the text ends behind the first `known` bytes, which were searched before.
    private func hasText(from known: Int) -> Bool {
        let text = Array((question.body ?? "").utf8)
        guard let first = text.first, bytes.count >= text.count else { return text.isEmpty }
        for start in max(0, known - text.count + 1)..<(bytes.count - text.count + 1)
        where bytes[start] == first && bytes[start..<start + text.count].elementsEqual(text) {
            return true
        }
        return false
    }

    private static func words(_ error: HTTPHeadError) -> String {
        switch error {
        case .tooLarge(let limit): "the head is longer than \(limit) bytes"
        case .badStatusLine: "no HTTP/1 status line"
        case .badField(let line): "line \(line) of the head is no field"
        case .badFraming: "the length of the body is not told in one way"
        }
    }
}
