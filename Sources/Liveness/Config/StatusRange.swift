/// Which HTTP status codes count as an answer: `200`, or `200-299`.
package import ConfigSyntax

package struct StatusRange: Hashable, Sendable, Codable {
    package let first: Int
    package let last: Int

    package init(_ first: Int, _ last: Int) { (self.first, self.last) = (first, last) }

    package func contains(_ status: Int) -> Bool { first <= status && status <= last }

    /// Three digits (RFC 9110 §15), without the interim ones, which are no answer yet.
    static let allowed = 200...599
}

extension StatusRange: CustomStringConvertible {
    package var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}

extension StatusRange: ScalarValue {
    package static var expectation: String { "a status such as 200, or a range such as 200-299" }

    package static func parse(_ text: String) throws(ScalarError) -> StatusRange {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { part in
            part.utf8.count == 3 && part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
        }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else { throw .notThis }
        guard allowed.contains(first), allowed.contains(last) else {
            throw .because("'\(text)' is outside of \(allowed.lowerBound) to \(allowed.upperBound)", hint: nil)
        }
        guard first <= last else { throw .because("'\(text)' ends before it begins", hint: nil) }
        return StatusRange(first, last)
    }
}
