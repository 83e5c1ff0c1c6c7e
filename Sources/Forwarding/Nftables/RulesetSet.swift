/// What sets and maps of our nftables table are: the kind of their keys and values, and the elements that the file asks for.
package import NetTypes

extension Ruleset {
    /// What a key or value is, which decides its length and how `nft` shows it (`enum datatypes` of nft's datatype.h).
    package enum DataKind: UInt32, Hashable, Sendable, Codable {
        /// `NFPROTO_IPV4` or `NFPROTO_IPV6`.
        case networkProtocol = 2
        case address4 = 7
        case address6 = 8
        /// `IPPROTO_*`.
        case transport = 12
        case port = 13
        case mark = 19
        case interfaceName = 41

        /// Bytes.
        package var length: Int {
            switch self {
            case .networkProtocol, .transport: 1
            case .port: 2
            case .address4, .mark: 4
            case .address6, .interfaceName: 16
            }
        }

        /// Whether `nft` takes it for something in the host's byte order.
        package var isHostOrder: Bool { self == .mark || self == .interfaceName }
    }

    /// A set or map and how it is kept; the kernel cannot change any of it afterwards.
    package struct SetDeclaration: Hashable, Sendable, Codable {
        package enum Values: Hashable, Sendable, Codable {
            /// A set: there is no value.
            case none
            case data(DataKind)
            case verdict
        }

        package let name: String
        /// One kind, or several that are compared together.
        package let key: [DataKind]
        package let values: Values
        /// Whether elements are ranges.
        package let isInterval: Bool
        /// Seconds after which elements go by themselves; 0 for never. Such elements are not compared with a wish: they are kept.
        package let timeout: UInt32

        package init(
            _ name: String,
            key: [DataKind],
            values: Values = .none,
            isInterval: Bool = false,
            timeout: UInt32 = 0
        ) {
            self.name = name
            self.key = key
            self.values = values
            self.isInterval = isInterval
            self.timeout = timeout
        }
    }

    /// One element: a key, or from a key to the last of a range, both included, and what it maps to.
    package struct Element: Hashable, Sendable, Codable {
        package enum Value: Hashable, Sendable, Codable {
            case data([UInt8])
            case verdict(Verdict)
        }

        /// The parts of a concatenated key follow one another, each filled up to four bytes.
        package let key: [UInt8]
        /// The last key of a range; nil when the element is one key in a set without ranges.
        package let last: [UInt8]?
        package let value: Value?

        package init(_ key: [UInt8], last: [UInt8]? = nil, value: Value? = nil) {
            self.key = key
            self.last = last
            self.value = value
        }
    }

    package enum Elements: Hashable, Sendable, Codable {
        /// Sorted by their keys, each key once.
        case listed([Element])
        /// Ranges of addresses of one family: what large sets are kept as.
        case addresses(AddressRanges)
        /// Whatever is in there stays: the elements come and go by packets and time.
        case kept
    }

    package struct NamedSet: Hashable, Sendable, Codable {
        package let declaration: SetDeclaration
        package let elements: Elements

        package init(_ declaration: SetDeclaration, _ elements: Elements) {
            self.declaration = declaration
            self.elements = elements
        }

        package var name: String { declaration.name }
    }
}

extension Ruleset.Elements {
    package var count: Int {
        switch self {
        case .listed(let list): list.count
        case .addresses(let addresses): addresses.ranges.count
        case .kept: 0
        }
    }

    package var isEmpty: Bool { count == 0 }

    /// The same elements in whichever form they are kept: what is read back knows only keys.
    func isSame(as other: Ruleset.Elements) -> Bool {
        switch (self, other) {
        case (.kept, _), (_, .kept): true
        case (.listed(let a), .listed(let b)): a == b
        case (.addresses(let a), .addresses(let b)): a == b
        case (.listed(let a), .addresses), (.addresses, .listed(let a)): a.isEmpty && isEmpty && other.isEmpty
        }
    }

    /// What `self` has and `other` has not. Both are sorted, so one walk over both tells.
    func subtracting(_ other: Ruleset.Elements) -> Ruleset.Elements {
        switch (self, other) {
        case (.kept, _), (_, .kept): .listed([])
        case (.listed(let a), .listed(let b)):
            .listed(Self.difference(a, b) { $0.key.lexicographicallyPrecedes($1.key) })
        case (.addresses(let a), .addresses(let b)):
            .addresses(
                AddressRanges(sorted: Self.difference(a.ranges, b.ranges) { $0.lowerBound < $1.lowerBound })
            )
        case (.listed, .addresses), (.addresses, .listed): self
        }
    }

    /// What `self` is after these have been put in.
    func adding(_ other: Ruleset.Elements) -> Ruleset.Elements {
        switch (self, other) {
        case (.kept, _), (_, .kept): self
        case (.listed(let a), .listed(let b)):
            .listed((a + b).sorted { $0.key.lexicographicallyPrecedes($1.key) })
        case (.addresses(let a), .addresses(let b)):
            .addresses(AddressRanges(sorted: (a.ranges + b.ranges).sorted { $0.lowerBound < $1.lowerBound }))
        case (.listed(let a), .addresses): a.isEmpty ? other : self
        case (.addresses, .listed(let b)): b.isEmpty ? self : other
        }
    }

    private static func difference<Item: Equatable>(
        _ a: [Item],
        _ b: [Item],
        _ precedes: (Item, Item) -> Bool
    ) -> [Item] {
        var rest: [Item] = []
        var position = 0
        for item in a {
            while position < b.count, precedes(b[position], item) { position += 1 }
            if position < b.count, b[position] == item { continue }
            rest.append(item)
        }
        return rest
    }
}
