/// What is a long list of prefixes? Two sorted arrays that everybody shares and nobody changes, and a digest that stands for them.
package import NetTypes

/// Equal lists have equal digests and counts; that is how they are compared, in no time whatever their length.
package final class PrefixList: Sendable {
    /// Sorted, each once.
    package let v4: [PackedPrefix4]
    package let v6: [PackedPrefix6]
    /// What stands for the whole list.
    package let rawValue: Identity

    package struct Identity: Hashable, Sendable, Codable {
        let digest: UInt64
        let v4: Int
        let v6: Int
    }

    package static let empty = PrefixList()

    /// Sorted prefixes, each once.
    package init(v4: [PackedPrefix4] = [], v6: [PackedPrefix6] = []) {
        (self.v4, self.v6) = (v4, v6)
        let digest = Self.digest(v4, after: Self.digest(v6, after: 0x6D61_7274_6C65_7402))
        rawValue = Identity(digest: digest, v4: v4.count, v6: v6.count)
    }

    /// A list of which no more is known than what stands for it: out of a recording.
    private init(standingFor identity: Identity) { (v4, v6, rawValue) = ([], [], identity) }

    package convenience init?(rawValue: Identity) { self.init(standingFor: rawValue) }

    package convenience init(_ prefixes: some Sequence<IPPrefix>) {
        var (v4, v6): ([PackedPrefix4], [PackedPrefix6]) = ([], [])
        for prefix in prefixes {
            switch prefix.family {
            case .v4: v4.append(PackedPrefix4(prefix))
            case .v6: v6.append(PackedPrefix6(prefix))
            }
        }
        _ = v4.sortUniquely()
        _ = v6.sortUniquely()
        self.init(v4: v4, v6: v6)
    }

    package var count: Int { rawValue.v4 + rawValue.v6 }

    package func count(_ family: AddressFamily) -> Int { family == .v4 ? rawValue.v4 : rawValue.v6 }

    /// Whether the prefixes themselves are here.
    private var isWhole: Bool { v4.count + v6.count == count }

    package func contains(_ prefix: IPPrefix) -> Bool {
        switch prefix.family {
        case .v4: v4.holds(PackedPrefix4(prefix))
        case .v6: v6.holds(PackedPrefix6(prefix))
        }
    }

    /// The prefix of the list that contains the address most closely.
    package func longestMatch(_ address: IPAddress) -> IPPrefix? {
        switch address.family {
        case .v4: v4.longestMatch(address, from: 32)?.prefix
        case .v6: v6.longestMatch(address, from: 128)?.prefix
        }
    }

    package func first(_ family: AddressFamily) -> IPPrefix? {
        family == .v4 ? v4.first?.prefix : v6.first?.prefix
    }

    package func prefixes(_ family: AddressFamily) -> [IPPrefix] {
        family == .v4 ? v4.map(\.prefix) : v6.map(\.prefix)
    }

    private static func digest<P: PackedPrefix>(_ prefixes: [P], after seed: UInt64) -> UInt64 {
        var hash = seed ^ UInt64(prefixes.count)
        for prefix in prefixes {
            hash = (hash ^ prefix.mixed) &* 0xFF51_AFD7_ED55_8CCD
            hash ^= hash >> 32
        }
        return hash
    }
}

extension PrefixList: RawRepresentable, Hashable {
    package static func == (a: PrefixList, b: PrefixList) -> Bool { a === b || a.rawValue == b.rawValue }
}

extension PrefixList: Codable {
    private enum Key: String, CodingKey {
        case identity
        case prefixes
    }

    /// Longer lists are recorded as what stands for them (decision 10): a recording is read by people.
    private static let longestRecorded = 4096

    package convenience init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if let prefixes = try container.decodeIfPresent([IPPrefix].self, forKey: .prefixes) {
            self.init(prefixes)
        } else {
            self.init(standingFor: try container.decode(Identity.self, forKey: .identity))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(rawValue, forKey: .identity)
        if count <= Self.longestRecorded, isWhole {
            try container.encode(prefixes(.v4) + prefixes(.v6), forKey: .prefixes)
        }
    }
}
