/// Where do the long values of a text end? Noted while the text is checked, so that whoever walks over it afterwards does not read a
/// whole prompt once more to find what stands behind it.
struct JSONLongValues: Sendable {
    /// Bytes from which a value is long: what is shorter is read over as fast as it is looked up.
    static let shortest = 512
    /// Notes that are kept. What begins after them is read over again: slower, and just as right.
    static let most = 4096

    private struct Note {
        let start: UInt32
        var end: UInt32
    }

    /// In the order of their starts, since a container's note is made before those of what it holds.
    private var notes: [Note] = []

    /// None yet.
    init() {}

    /// Makes room for what most long texts have.
    mutating func reserve() { notes.reserveCapacity(16) }

    /// A container begins. Gives its note, or nil when there is no room for one.
    mutating func begin(at start: Int) -> Int? {
        guard notes.count < Self.most else { return nil }
        notes.append(Note(start: UInt32(truncatingIfNeeded: start), end: 0))
        return notes.count - 1
    }

    /// The container of this note ends before `end`. If it is short, so was all in it, and its note is the last.
    mutating func end(_ note: Int, at end: Int) {
        if end - Int(notes[note].start) < Self.shortest {
            notes.removeLast()
        } else {
            notes[note].end = UInt32(truncatingIfNeeded: end)
        }
    }

    /// A string was read.
    mutating func add(_ string: Range<Int>) {
        guard string.count >= Self.shortest, notes.count < Self.most else { return }
        let (start, end) = (string.lowerBound, string.upperBound)
        notes.append(Note(start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end)))
    }

    /// The place after the value that begins at `start`, if that was noted.
    func end(ofValueAt start: Int) -> Int? {
        var (low, high) = (0, notes.count)
        while low < high {
            let middle = (low + high) / 2
            let note = notes[middle]
            if note.start == start { return Int(note.end) }
            if note.start < start { low = middle + 1 } else { high = middle }
        }
        return nil
    }
}
