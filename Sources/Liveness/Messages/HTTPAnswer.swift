/// Is what comes back over a connection the answer that an HTTP probe expects?
///
/// Bytes of strangers, taken in as they come and in bounds: a head of at most 16 KiB, of the body no more than is looked at.
import Wire

package struct HTTPAnswer: Sendable {
    /// How much of a body is searched.
    package static let longestBody = 64 << 10
    /// Interim responses (RFC 9110 §15.2) before the final one; more is a game.
    private static let mostInterims = 8
    private static let longestHead = 16 << 10

    /// What the bytes so far come to.
    package enum Step: Hashable, Sendable {
        case more
        /// Nothing that comes could change it: nil when the answer is good.
        case done(ProbeFault?)
    }

    private let question: HTTPQuestion
    private var reader: HTTPReader
    /// What came and was not taken: the beginning of a head, or of a line between chunks.
    private var waiting: [UInt8] = []
    private var body: [UInt8] = []
    /// Where in it the text does not begin: at none of the places before.
    private var searched = 0
    private var hasBytes = false
    private var isDone = false
    /// The status of the final response, once it is known.
    package private(set) var status: Int?

    package init(to question: HTTPQuestion) {
        self.question = question
        reader = HTTPReader(.answers, limits: HTTPLimits(head: Self.longestHead, interim: Self.mostInterims))
        reader.answersHead = question.method == .head
    }

    /// Takes bytes in.
    package mutating func receive(_ new: [UInt8]) -> Step {
        guard !isDone else { return .more }
        hasBytes = hasBytes || !new.isEmpty
        waiting += new
        do throws(HTTPError) {
            while let event = try next() {
                if case .done(let fault) = judge(event) { return done(fault) }
            }
            return .more
        } catch {
            return done(ProbeFault(.badResponse, error.rawValue))
        }
    }

    /// The connection has ended.
    package mutating func end() -> ProbeFault? {
        guard !isDone else { return nil }
        isDone = true
        do throws(HTTPError) {
            // The connection's end may be the body's.
            if case .end? = try reader.finish() { return missingBody }
            return ProbeFault(.broken, hasBytes ? "closed before the response" : "closed without a response")
        } catch {
            return ProbeFault(.broken, status == nil ? "closed within the head" : "closed within the body")
        }
    }

    private mutating func done(_ fault: ProbeFault?) -> Step {
        isDone = true
        (waiting, body) = ([], [])
        return .done(fault)
    }

    private mutating func next() throws(HTTPError) -> HTTPReader.Event? {
        var taken = 0
        // Two properties of one value cannot be lent at once.
        var bytes: [UInt8] = []
        swap(&bytes, &waiting)
        let event = try reader.next(bytes.span.bytes, taken: &taken)
        if case .body(let place)? = event { body += bytes[place].prefix(Self.longestBody - body.count) }
        bytes.removeFirst(taken)
        swap(&bytes, &waiting)
        return event
    }

    private mutating func judge(_ event: HTTPReader.Event) -> Step {
        switch event {
        case .interim: return .more
        case .head(let head):
            status = head.status
            guard question.expect.contains(where: { $0.contains(head.status) }) else {
                return .done(ProbeFault(.wrongStatus, "status \(head.status)"))
            }
            let wantsText = question.body.map { !$0.isEmpty } ?? false
            return wantsText ? .more : .done(nil)
        case .body:
            if hasText() { return .done(nil) }
            return body.count >= Self.longestBody ? .done(missingBody) : .more
        case .end: return .done(missingBody)
        }
    }

    private var missingBody: ProbeFault {
        ProbeFault(.wrongBody, "'\(question.body ?? "")' is not in the first \(body.count) bytes of the body")
    }

    /// Whether the text ends behind what was searched before.
    private mutating func hasText() -> Bool {
        let text = Array((question.body ?? "").utf8)
        let last = body.count - text.count
        defer { searched = max(searched, last + 1) }
        guard let first = text.first, searched <= last else { return false }
        for start in searched...last
        where body[start] == first && body[start..<start + text.count].elementsEqual(text) {
            return true
        }
        return false
    }
}
