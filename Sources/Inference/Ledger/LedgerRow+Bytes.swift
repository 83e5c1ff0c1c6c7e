/// How is a row of the ledger written? A fixed part of little-endian numbers, then texts with a byte of length each. Read by a daemon
/// of the same build, or of a later one after an upgrade: the first byte says which form it is.
extension LedgerRow {
    /// The form of rows that have tokens alone, and of those with counts of other things behind them.
    private static let (form, longForm): (UInt8, UInt8) = (1, 2)
    /// Bytes before the texts, in either form.
    private static let (fixed, longFixed) = (128, 144)
    private static let texts = 7
    /// No row is longer.
    package static let largest = longFixed + texts * 256

    private struct Flags {
        static let cachedInput: UInt8 = 1
        static let cacheWrite: UInt8 = 2
        static let reasoning: UInt8 = 4
        static let cost: UInt8 = 8
    }

    /// Writes the row at the beginning of `room`, which must have `largest` bytes.
    /// - Returns: how many bytes were written.
    package func write(to room: UnsafeMutableRawBufferPointer) -> Int {
        precondition(room.count >= Self.largest)
        var flags: UInt8 = 0
        if cachedInput != nil { flags |= Flags.cachedInput }
        if cacheWrite != nil { flags |= Flags.cacheWrite }
        if reasoning != nil { flags |= Flags.reasoning }
        if picoDollars != nil { flags |= Flags.cost }
        room[0] = units.isEmpty ? Self.form : Self.longForm
        room[1] = flags
        room[2] = outcome.number
        room[3] = 0
        room.storeBytes(of: status.littleEndian, toByteOffset: 4, as: UInt16.self)
        room.storeBytes(of: 0, toByteOffset: 6, as: UInt16.self)
        var offset = 8
        let numbers: InlineArray<15, UInt64> = [
            idHigh, idLow, at, duration, requests, input, output, cachedInput ?? 0, cacheWrite ?? 0, reasoning ?? 0,
            picoDollars ?? 0, estimated, atCeiling, unpriced, units.images,
        ]
        for index in numbers.indices {
            room.storeBytes(of: numbers[index].littleEndian, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        if !units.isEmpty {
            room.storeBytes(of: units.milliseconds.littleEndian, toByteOffset: offset, as: UInt64.self)
            room.storeBytes(of: units.characters.littleEndian, toByteOffset: offset + 8, as: UInt64.self)
            offset = Self.longFixed
        }
        let texts: InlineArray<7, String> = [key, team, model, provider, member, requestedModel, prices]
        for index in texts.indices {
            offset += Self.write(texts[index], to: UnsafeMutableRawBufferPointer(rebasing: room[offset...]))
        }
        return offset
    }

    /// Cut to 255 bytes, between characters.
    private static func write(_ text: String, to room: UnsafeMutableRawBufferPointer) -> Int {
        var utf8 = text.utf8[...]
        if utf8.count > 255 {
            var end = utf8.index(utf8.startIndex, offsetBy: 255)
            while end > utf8.startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
            utf8 = utf8[..<end]
        }
        room[0] = UInt8(utf8.count)
        var offset = 1
        for byte in utf8 {
            room[offset] = byte
            offset += 1
        }
        return offset
    }

    /// The row that the bytes are; nil when they are none. They may come from a gateway that somebody has taken over.
    package init?(bytes: ArraySlice<UInt8>) {
        let isLong = bytes.first == Self.longForm
        let fixed = isLong ? Self.longFixed : Self.fixed
        guard bytes.count >= fixed + Self.texts, bytes.count <= Self.largest, isLong || bytes.first == Self.form else {
            return nil
        }
        let start = bytes.startIndex
        let number = { (place: Int) -> UInt64 in
            (0..<8).reduce(0) { $0 | UInt64(bytes[start + 8 + place * 8 + $1]) << UInt64($1 * 8) }
        }
        var texts: [String] = []
        var offset = start + fixed
        for _ in 0..<Self.texts {
            guard offset < bytes.endIndex else { return nil }
            let end = offset + 1 + Int(bytes[offset])
            guard end <= bytes.endIndex,
                let text = String(validating: bytes[(offset + 1)..<end], as: UTF8.self)
            else { return nil }
            texts.append(text)
            offset = end
        }
        guard offset == bytes.endIndex, let outcome = Outcome(number: bytes[start + 2]) else { return nil }
        let flags = bytes[start + 1]
        self.init(
            at: number(2),
            input: number(5),
            output: number(6),
            picoDollars: flags & Flags.cost == 0 ? nil : number(10),
            key: texts[0],
            team: texts[1],
            model: texts[2],
            provider: texts[3],
            member: texts[4],
            requestedModel: texts[5],
            prices: texts[6]
        )
        (idHigh, idLow, duration, requests) = (number(0), number(1), number(3), number(4))
        self.outcome = outcome
        status = UInt16(bytes[start + 4]) | UInt16(bytes[start + 5]) << 8
        cachedInput = flags & Flags.cachedInput == 0 ? nil : number(7)
        cacheWrite = flags & Flags.cacheWrite == 0 ? nil : number(8)
        reasoning = flags & Flags.reasoning == 0 ? nil : number(9)
        (estimated, atCeiling, unpriced) = (number(11), number(12), number(13))
        if isLong { units = MediaUnits(images: number(14), milliseconds: number(15), characters: number(16)) }
    }

    /// The row in bytes of its own.
    package var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.largest)
        let count = bytes.withUnsafeMutableBytes { write(to: $0) }
        return Array(bytes[..<count])
    }
}

extension Outcome {
    /// Fixed: it stands in files.
    fileprivate var number: UInt8 {
        switch self {
        case .answered: 1
        case .rejected: 2
        case .failed: 3
        case .brokenOff: 4
        case .clientGone: 5
        }
    }

    fileprivate init?(number: UInt8) {
        guard let found = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = found
    }
}
