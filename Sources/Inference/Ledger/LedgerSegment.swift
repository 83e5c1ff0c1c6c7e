/// How does a segment of the ledger look? The file that one event loop of the gateway writes and the daemon reads.
///
///     page 0              half 0                 half 1
///     [ head | epochs ]   [ record record … ]    [ record record … ]
///
/// The two halves are written in turn: each turn is an *epoch*, counted from 1, odd ones in half 0. A half is append-only for its
/// epoch. The writer goes on in the other half when that has been given the next epoch, which the daemon does once it has kept all that
/// stood there and emptied it. So the file never grows, a descriptor is enough to write it for ever, and what a writer has put there
/// survives its end.
package enum LedgerSegment {
    /// `MLEDGER1`.
    package static let magic: UInt64 = 0x3152_4547_4445_4C4D
    package static let headBytes = 4096
    /// Of one half: some twenty thousand requests, which is seconds of the hardest traffic a loop can take. Touched as it is written.
    package static let halfBytes = 4 << 20
    package static let fileBytes = headBytes + 2 * halfBytes

    /// Places in the head.
    package static let idPlace = 8
    package static let sizePlace = 16
    package static let epochPlaces = [24, 32]
    /// Bytes of the head that mean something.
    package static let usedHead = 40

    /// Before every record: its length and a check of its bytes. A length of 0 stands where nothing was written yet.
    package static let recordHead = 16
    /// In place of a length: nothing more comes in this epoch.
    package static let closed: UInt32 = .max

    /// Where the half of an epoch begins.
    package static func start(of epoch: UInt64) -> Int { headBytes + (isSecond(epoch) ? halfBytes : 0) }

    /// Where the epoch of the half stands in the head.
    package static func epochPlace(of epoch: UInt64) -> Int { epochPlaces[isSecond(epoch) ? 1 : 0] }

    private static func isSecond(_ epoch: UInt64) -> Bool { epoch & 1 == 0 }

    /// Records begin at multiples of 8.
    package static func padded(_ length: Int) -> Int { (length + 7) & ~7 }

    /// The head of a segment whose halves are both empty.
    package static func head(id: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        for word in [magic, id, UInt64(halfBytes), 1, 2] {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes
    }

    /// What a head says; nil when it is none of ours.
    package static func read(head bytes: [UInt8]) -> (id: UInt64, epochs: [UInt64])? {
        guard bytes.count >= usedHead, word(bytes, 0) == magic, word(bytes, sizePlace) == UInt64(halfBytes) else {
            return nil
        }
        return (word(bytes, idPlace), epochPlaces.map { word(bytes, $0) })
    }

    static func word(_ bytes: [UInt8], _ place: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<8 { word |= UInt64(bytes[place + index]) << UInt64(index * 8) }
        return word
    }

    /// A check against what a crash of the machine tears: of the bytes, their length, and the segment and epoch they were written for, so
    /// that what is left of an earlier epoch is no record. Not against whoever can write there anyway.
    package static func check(_ bytes: UnsafeRawBufferPointer, segment: UInt64, epoch: UInt64) -> UInt64 {
        var sum = mixed(segment ^ mixed(epoch) ^ UInt64(bytes.count))
        var place = 0
        while place + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            sum = mixed(sum ^ word)
            place += 8
        }
        var rest: UInt64 = 0
        while place < bytes.count {
            rest = rest << 8 | UInt64(bytes[place])
            place += 1
        }
        return mixed(sum ^ rest)
    }

    /// One word spread over all bits (the finaliser of MurmurHash3, Appleby).
    private static func mixed(_ word: UInt64) -> UInt64 {
        var word = word
        word ^= word >> 33
        word = word &* 0xFF51_AFD7_ED55_8CCD
        word ^= word >> 33
        word = word &* 0xC4CE_B9FE_1A85_EC53
        word ^= word >> 33
        return word
    }
}
