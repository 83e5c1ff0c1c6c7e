/// A set of addresses as sorted ranges that neither touch nor overlap: what prefixes, ranges and named sets compile to.

package struct AddressRanges: Hashable, Sendable, Codable {
    package let ranges: [ClosedRange<IPAddress>]

    package static let none = AddressRanges([ClosedRange<IPAddress>]())

    /// Merges what overlaps. Each range must stay within one family.
    package init(_ unsorted: [ClosedRange<IPAddress>]) {
        var merged: [ClosedRange<IPAddress>] = []
        for range in unsorted.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, Self.joins(last, range) {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
    }

    package init(_ prefixes: [IPPrefix]) { self.init(prefixes.map(\.addresses)) }

    /// Ranges known to be sorted and apart: a part of other `AddressRanges`.
    package init(sorted ranges: [ClosedRange<IPAddress>]) { self.ranges = ranges }

    /// Those of one family.
    package func only(_ family: AddressFamily) -> AddressRanges {
        AddressRanges(sorted: ranges.filter { $0.lowerBound.family == family })
    }

    /// Whether each range is one address. Neighbours are one range, so a list of single addresses need not be of this kind.
    package var areHosts: Bool { ranges.allSatisfy { $0.lowerBound == $0.upperBound } }

    /// Whether the address lies in one of the ranges, by bisection.
    package func contains(_ address: IPAddress) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < address { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(address)
    }

    /// What these have and the others have not.
    package func subtracting(_ others: AddressRanges) -> AddressRanges {
        var rest: [ClosedRange<IPAddress>] = []
        var position = 0
        for range in ranges {
            var low: IPAddress? = range.lowerBound
            while position < others.ranges.count, others.ranges[position].upperBound < range.lowerBound {
                position += 1
            }
            var next = position
            while let start = low, next < others.ranges.count, others.ranges[next].lowerBound <= range.upperBound {
                let hole = others.ranges[next]
                if start < hole.lowerBound, let before = hole.lowerBound.previous { rest.append(start...before) }
                low = hole.upperBound < range.upperBound ? hole.upperBound.next : nil
                next += 1
            }
            if let start = low { rest.append(start...range.upperBound) }
        }
        return AddressRanges(sorted: rest)
    }

    private static func joins(_ a: ClosedRange<IPAddress>, _ b: ClosedRange<IPAddress>) -> Bool {
        guard a.upperBound.family == b.lowerBound.family else { return false }
        return b.lowerBound <= a.upperBound || a.upperBound.next == b.lowerBound
    }
}

extension IPPrefix {
    /// From the first to the last address of the prefix.
    package var addresses: ClosedRange<IPAddress> {
        let host = UInt64(family.width) - UInt64(length)
        let low = host >= 64 ? UInt64.max : (1 << host) - 1
        let high = host > 64 ? (host == 128 ? UInt64.max : (1 << (host - 64)) - 1) : 0
        return address...IPAddress(family: family, high: address.high | high, low: address.low | low)
    }
}

extension IPAddress {
    /// The address before; nil before the family's first.
    package var previous: IPAddress? {
        if low > 0 { return IPAddress(family: family, high: high, low: low - 1) }
        return family == .v4 || high == 0 ? nil : IPAddress(family: .v6, high: high - 1, low: .max)
    }

    /// The following address; nil after the family's last.
    package var next: IPAddress? {
        if family == .v4 { return low == 0xFFFF_FFFF ? nil : IPAddress(family: .v4, high: 0, low: low + 1) }
        if low < .max { return IPAddress(family: .v6, high: high, low: low + 1) }
        return high == .max ? nil : IPAddress(family: .v6, high: high + 1, low: 0)
    }
}
