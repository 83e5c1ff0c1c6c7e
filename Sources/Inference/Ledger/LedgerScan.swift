/// Which rows stand in a piece of a segment? Bounded, and without trust: the writer may have been killed, the machine may have
/// crashed, and the gateway may be somebody else's.
package struct LedgerScan: Hashable, Sendable {
    /// How far a segment has been read.
    package struct Position: Hashable, Sendable, Codable {
        package var epoch: UInt64
        /// Bytes from the beginning of the epoch's half.
        package var offset: Int

        /// A place in a segment.
        package init(epoch: UInt64, offset: Int) { (self.epoch, self.offset) = (epoch, offset) }

        /// Where the other half is read from when this one is closed.
        package var ofNextEpoch: Position { Position(epoch: epoch &+ 1, offset: 0) }

        /// Where every segment begins.
        package static let start = Position(epoch: 1, offset: 0)
    }

    /// What stands behind the last row.
    package enum End: Hashable, Sendable {
        /// Nothing yet.
        case open
        /// The piece ends inside a record, or with one: read on from the position.
        case cut
        /// The epoch is over.
        case closed
        /// Bytes that are no record. While the writer lives they may become one; afterwards they are what a crash has torn.
        case torn
    }

    package private(set) var rows: [LedgerRow] = []
    /// Records that are whole but hold no row that we can read.
    package private(set) var unreadable = 0
    package private(set) var position: Position
    package private(set) var end: End = .cut

    /// Reads a piece.
    /// - Parameters:
    ///   - bytes: of the segment from the position on, any number of them.
    ///   - isRest: whether the half ends with them.
    package init(_ bytes: [UInt8], from position: Position, segment: UInt64, isRest: Bool) {
        self.position = position
        var place = 0
        while let length = next(bytes, place, isRest) {
            let body = (place + LedgerSegment.recordHead)..<(place + LedgerSegment.recordHead + length)
            guard Self.isWhole(bytes, place, body, segment: segment, epoch: position.epoch) else {
                end = .torn
                return
            }
            if let row = LedgerRow(bytes: bytes[body]) { rows.append(row) } else { unreadable += 1 }
            place += LedgerSegment.padded(LedgerSegment.recordHead + length)
            self.position.offset = position.offset + place
        }
    }

    /// The length of the record at the place; nil when there is no whole one, and then `end` says why.
    private mutating func next(_ bytes: [UInt8], _ place: Int, _ isRest: Bool) -> Int? {
        let head = LedgerSegment.recordHead
        guard place + head <= bytes.count else {
            end = isRest ? .open : .cut
            return nil
        }
        let length = UInt32(truncatingIfNeeded: LedgerSegment.word(bytes, place))
        if length == 0 || length == LedgerSegment.closed {
            end = length == 0 ? .open : .closed
            return nil
        }
        guard length <= LedgerRow.largest else {
            end = .torn
            return nil
        }
        guard place + LedgerSegment.padded(head + Int(length)) <= bytes.count else {
            end = isRest ? .torn : .cut
            return nil
        }
        return Int(length)
    }

    private static func isWhole(
        _ bytes: [UInt8],
        _ place: Int,
        _ body: Range<Int>,
        segment: UInt64,
        epoch: UInt64
    ) -> Bool {
        let written = LedgerSegment.word(bytes, place + 8)
        return bytes.withUnsafeBytes {
            LedgerSegment.check(UnsafeRawBufferPointer(rebasing: $0[body]), segment: segment, epoch: epoch) == written
        }
    }
}
