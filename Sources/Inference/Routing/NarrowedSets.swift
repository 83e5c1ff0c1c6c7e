/// To whom can requests be sent that not everybody can serve? Worked out for the first of its kind and kept for the others: an offer's
/// requests fall foul of its members in few ways. The places are filled once and never emptied, by whichever event loop comes first,
/// without a lock; kinds beyond them are worked out each time.
import Synchronization

final class NarrowedSets: @unchecked Sendable {
    /// Tools, pictures or both, of two sizes of prompt, and two more; a set is some kilobytes.
    static let places = 8

    /// What the answer depends on.
    struct Kind: Hashable, Sendable {
        let misfit: Misfit
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
        for place in 0..<Self.places {
            guard let entry = entries[place].load() else {
                let made = Entry(kind, make())
                let kept = entries[place].storeIfNil(made)
                // Somebody else may have been quicker, with another kind: what was made is right all the same.
                return kept.kind == kind ? kept.set : made.set
            }
            if entry.kind == kind { return entry.set }
        }
        return make()
    }
}
