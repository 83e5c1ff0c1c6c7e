/// What a group is and what its members are, as configured: the words both planes share (docs/architecture.md §1).
package import ConfigSyntax
package import NetTypes

/// Names a group within one `GroupTable`, by position.
package struct GroupID: Hashable, Sendable, Comparable, Codable {
    package let index: Int

    package init(_ index: Int) { self.index = index }

    package static func < (a: GroupID, b: GroupID) -> Bool { a.index < b.index }
}

/// Names a member within one `GroupTable`, by position over all groups.
package struct MemberID: Hashable, Sendable, Comparable, Codable {
    package let index: Int

    package init(_ index: Int) { self.index = index }

    package static func < (a: MemberID, b: MemberID) -> Bool { a.index < b.index }
}

/// How eligible members of the active tier share the load.
package enum Strategy: String, Hashable, Sendable, CaseIterable, Codable {
    /// The first eligible member in file order takes everything.
    case `static`
    /// By configured weight.
    case weighted
    /// The cheapest; equally cheap ones by weight.
    case cost
    /// The quickest to answer, and those hardly slower, by weight.
    case latency
    /// The best by configured quality; equally good ones by weight.
    case quality
    /// The best by all three, and those hardly worse, by weight.
    case hybrid
    /// All of them, by weight and by how quickly they answer: who takes twice as long carries half.
    case adaptive
}

extension Strategy {
    /// Whether it judges members by a score (`Scoring`).
    package var judges: Bool {
        switch self {
        case .static, .weighted: false
        case .cost, .latency, .quality, .hybrid, .adaptive: true
        }
    }

    /// Whether it judges by what was measured, to whatever part.
    package func measures(_ aims: Aims?) -> Bool {
        switch self {
        case .latency, .adaptive: true
        case .hybrid: (aims?.latency ?? .zero) > .zero
        case .static, .weighted, .cost, .quality: false
        }
    }

    /// How far below the best a member's score may be, in millionths, for it to lead as well. What is configured is exact; what
    /// is measured is not.
    package func band(_ margin: Fraction) -> UInt32 {
        switch self {
        case .latency, .hybrid: margin.millionths
        case .static, .weighted, .cost, .quality, .adaptive: 0
        }
    }
}

extension Strategy: ScalarValue {}

/// For which kind of load a member's health is kept apart: per address family, or as a whole where the family is not the
/// member's own matter.
package enum HealthScope: UInt8, Hashable, Sendable, CaseIterable, Comparable, Codable {
    case any = 0
    case v4 = 4
    case v6 = 6

    package init(_ family: AddressFamily) { self = family == .v4 ? .v4 : .v6 }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// How it is shown and named in metrics.
    package var name: String {
        switch self {
        case .any: "any"
        case .v4: "ipv4"
        case .v6: "ipv6"
        }
    }
}

/// One member as configured.
package struct MemberDefinition: Hashable, Sendable, Codable {
    package let name: Located<String>
    /// Share within the tier under `weighted`; 1…65535.
    package let weight: Int
    /// Members of the lowest tier with an eligible member carry the load; 1 is the lowest.
    package let tier: Int
    package let hysteresis: Hysteresis
    /// In ascending order; not empty.
    package let scopes: [HealthScope]
    /// Of one unit of load, beyond any allowance; nil: not known. A unit is the plane's own, the same for all its members.
    package let price: Money?
    /// As the operator rates it; nil: not rated.
    package let quality: Fraction?
    /// Into how many classes its load falls that are measured apart, besides all of it together; 0: none.
    package let loadClasses: Int

    package init(
        name: Located<String>,
        weight: Int,
        tier: Int,
        hysteresis: Hysteresis,
        scopes: [HealthScope],
        price: Money? = nil,
        quality: Fraction? = nil,
        loadClasses: Int = 0
    ) {
        self.name = name
        self.weight = weight
        self.tier = tier
        self.hysteresis = hysteresis
        self.scopes = scopes
        self.price = price
        self.quality = quality
        self.loadClasses = loadClasses
    }
}

/// One group as configured.
package struct GroupDefinition: Hashable, Sendable, Codable {
    package let name: Located<String>
    package let strategy: Strategy
    package let members: [MemberDefinition]
    /// When no member is healthy: whether the ones that carried the load last go on carrying it.
    package let keepsLast: Bool
    package let terms: GroupTerms
    /// At most so many members are left out for being down, those that have been down the longest; nil: all that are.
    package let mostDown: Int?

    package init(
        name: Located<String>,
        strategy: Strategy,
        members: [MemberDefinition],
        keepsLast: Bool,
        terms: GroupTerms = .standard,
        mostDown: Int? = nil
    ) {
        self.mostDown = mostDown
        self.name = name
        self.strategy = strategy
        self.members = members
        self.keepsLast = keepsLast
        self.terms = terms
    }
}

extension GroupDefinition {
    /// The same with other prices of its members, in their order, and other classes of load.
    package func priced(_ prices: [Money?], loadClasses: Int) -> GroupDefinition {
        let members = zip(members, prices).map { member, price in
            MemberDefinition(
                name: member.name,
                weight: member.weight,
                tier: member.tier,
                hysteresis: member.hysteresis,
                scopes: member.scopes,
                price: price,
                quality: member.quality,
                loadClasses: loadClasses
            )
        }
        return GroupDefinition(
            name: name,
            strategy: strategy,
            members: members,
            keepsLast: keepsLast,
            terms: terms,
            mostDown: mostDown
        )
    }
}
