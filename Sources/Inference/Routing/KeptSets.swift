/// To whom can requests of one kind be sent? Worked out for the first of its kind and kept for the others, as long as the snapshot
/// lasts: requests for one offer differ in what rules its members out, and in little else.
///
/// Places are filled once and never emptied, by whichever event loop comes first, without a lock; kinds beyond them are worked out
/// each time.
import Synchronization

final class KeptSets: @unchecked Sendable {
    /// For requests that everybody can serve, one for each size of prompt.
    private static let plain = PromptSize.allCases.count
    /// For tools, pictures or both, of two sizes of prompt, and two kinds more; a set is some kilobytes.
    static let narrowed = 8
    private static let places = plain + narrowed

    /// What the answer depends on.
    struct Kind: Hashable, Sendable {
        let misfit: Misfit
        /// Nil: sizes make no difference.
        let size: PromptSize?
    }

    private final class Entry: Sendable {
        let kind: Kind
        let set: CandidateSet

        init(_ kind: Kind, _ set: CandidateSet) { (self.kind, self.set) = (kind, set) }
    }

    // Safe: initialised here, released in deinit, and every access in between is atomic.
    private let entries: UnsafeMutablePointer<AtomicLazyReference<Entry>>

    init() {
        entries = .allocate(capacity: Self.places)
        for place in 0..<Self.places { (entries + place).initialize(to: AtomicLazyReference()) }
    }

    deinit {
        entries.deinitialize(count: Self.places)
        entries.deallocate()
    }

    /// The set of this kind: the one that is kept, or what `make` gives.
    func set(_ kind: Kind, make: () -> CandidateSet) -> CandidateSet {
        let first = kind.misfit == .none ? kind.size?.rawValue ?? 0 : Self.plain
        let end = kind.misfit == .none ? first + 1 : Self.places
        for place in first..<end {
            guard let entry = entries[place].load() else {
                let made = Entry(kind, make())
                // Somebody else may have been quicker, with another kind: what was made is right all the same.
                _ = entries[place].storeIfNil(made)
                return made.set
            }
            if entry.kind == kind { return entry.set }
        }
        return make()
    }
}
