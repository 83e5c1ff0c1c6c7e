/// Which number each name gets: stable under insertion, removal, reload and restart, without stored state.
///
/// A name's place is its keyed hash, modulo the capacity; a collision sends the later-comer to the next free number
/// (docs/decisions/0002). Numbers already given are kept as long as the name is in use.
package import NetTypes

package struct Numbering: Sendable {
    /// How many numbers there are: 0 ..< capacity.
    package let capacity: Int
    private let hash: KeyedHash
    private var numbers: [String: Int] = [:]
    private var taken: Set<Int> = []

    package init(capacity: Int, hash: KeyedHash) {
        self.capacity = capacity
        self.hash = hash
    }

    /// The number of a name that has one.
    package func number(of name: String) -> Int? { numbers[name] }

    /// Makes the names in use exactly `names`: newcomers get numbers in the order of their names, others are forgotten.
    ///
    /// A number freed here is not given out again in the same call, and none for which `isForeign` says so is given out at all.
    /// Returns the names for which no number was left.
    package mutating func assign(_ names: [String], isForeign: (Int) -> Bool = { _ in false }) -> [String] {
        let wanted = Set(names)
        let freed = numbers.keys.filter { !wanted.contains($0) }
        let newcomers = wanted.filter { numbers[$0] == nil }.sorted()
        let unnumbered = newcomers.filter { !number($0, isForeign: isForeign) }
        for name in freed {
            if let number = numbers.removeValue(forKey: name) { taken.remove(number) }
        }
        return unnumbered
    }

    private mutating func number(_ name: String, isForeign: (Int) -> Bool) -> Bool {
        guard capacity > 0 else { return false }
        let home = Int(truncatingIfNeeded: hash.hash(name) % UInt64(capacity))
        for step in 0..<capacity {
            let candidate = (home + step) % capacity
            if taken.contains(candidate) || isForeign(candidate) { continue }
            numbers[name] = candidate
            taken.insert(candidate)
            return true
        }
        return false
    }
}
