/// What our nftables table holds: chains of rules, sets and maps, and the objects that count, as one plain value.
///
/// Terms are the kernel's (`linux/netfilter/nf_tables.h`, nft(8)). Everything stands in one table of family `inet`, so both address
/// families are in every chain.
package struct Ruleset: Hashable, Sendable, Codable {
    /// The table's name.
    package var name: String
    /// In order of their names.
    package var chains: [Chain]
    /// In order of their names.
    package var sets: [NamedSet]
    /// In order of their names.
    package var objects: [Object]

    package init(name: String, chains: [Chain] = [], sets: [NamedSet] = [], objects: [Object] = []) {
        self.name = name
        self.chains = chains
        self.sets = sets
        self.objects = objects
    }
}

extension Ruleset {
    /// A list of rules that packets walk from the first to the last.
    package struct Chain: Hashable, Sendable, Codable {
        package let name: String
        /// Where packets enter it; nil for a chain that only other chains lead to.
        package let hook: Hook?
        package let rules: [Rule]

        package init(_ name: String, hook: Hook? = nil, _ rules: [Rule]) {
            self.name = name
            self.hook = hook
            self.rules = rules
        }
    }

    /// A point on a packet's way, and our place among those that look at it there. What no rule decides is let through.
    package struct Hook: Hashable, Sendable, Codable {
        package enum Kind: String, Hashable, Sendable, Codable {
            case filter
            /// As `filter`, and at `output` a changed mark has the packet routed anew.
            case route
            /// Sees only the first packet of a connection.
            case nat
        }

        /// `enum nf_inet_hooks`.
        package enum Point: UInt32, Hashable, Sendable, Codable {
            case prerouting = 0
            case input, forward, output, postrouting
        }

        package let kind: Kind
        package let point: Point
        /// Lower is earlier; nft names some: mangle -150, dstnat -100, filter 0, srcnat 100.
        package let priority: Int32

        package init(_ kind: Kind, _ point: Point, priority: Int32) {
            self.kind = kind
            self.point = point
            self.priority = priority
        }
    }

    /// Expressions that are carried out one after the other until one of them says no.
    package struct Rule: Hashable, Sendable, Codable {
        /// For people who list the table; may be empty.
        package let comment: String
        package let expressions: [Expression]

        package init(_ comment: String = "", _ expressions: [Expression]) {
            self.comment = comment
            self.expressions = expressions
        }
    }

    /// What becomes of a packet.
    package enum Verdict: Hashable, Sendable, Codable {
        case accept
        case drop
        case `return`
        case jump(String)
        case goto(String)
    }

    /// Something that counts and keeps its count when chains are replaced.
    package struct Object: Hashable, Sendable, Codable {
        package enum Kind: Hashable, Sendable, Codable {
            case counter
            /// Matches until, or when `isOver` once, this many bytes went by.
            case quota(bytes: UInt64, isOver: Bool)
        }

        package let name: String
        package let kind: Kind

        package init(_ name: String, _ kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }
}
