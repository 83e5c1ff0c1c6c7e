/// Which of the known names the operator most likely meant.
package enum NearestName {
    /// The candidate with the smallest edit distance, if it is near enough to be worth saying (a third of its length, at least 1).
    package static func of(_ wrong: String, among candidates: some Sequence<String>) -> String? {
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let limit = max(1, max(candidate.count, wrong.count) / 3)
            let distance = editDistance(Array(wrong.unicodeScalars), Array(candidate.unicodeScalars))
            guard distance <= limit, distance < (best?.distance ?? .max) else { continue }
            best = (candidate, distance)
        }
        return best?.name
    }

    /// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1 each.
    static func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1] + [Int](repeating: 0, count: b.count)
            for j in b.indices {
                row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
                }
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }

    /// `did you mean 'x'?` or, failing that, the list of what is allowed.
    package static func hint(for wrong: String, among candidates: [String]) -> String? {
        if let nearest = of(wrong, among: candidates) { return "did you mean '\(nearest)'?" }
        return candidates.isEmpty ? nil : "allowed here: " + candidates.sorted().joined(separator: ", ")
    }
}
