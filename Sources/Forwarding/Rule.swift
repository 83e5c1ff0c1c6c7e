/// What a policy-routing rule (`ip rule`) can say: which packets it takes, and what becomes of them.
///
/// The vocabulary is the kernel's (`linux/fib_rules.h`). What it can say beyond this (goto, l3mdev, tunnel ids, realms, masked ports)
/// is only noticed, as `hasOtherSelectors`.
package import NetTypes

package struct Rule: Hashable, Sendable, Codable {
    package enum Action: Hashable, Sendable, Codable {
        /// Looks in this table; a route that the rule suppresses, or none, sends the packet on to the next rule.
        case lookup(UInt32)
        case blackhole
        case unreachable
        case prohibit
    }

    package let family: AddressFamily
    /// Preference (`FRA_PRIORITY`): lower is looked at first.
    package let preference: UInt32
    package let selectors: RuleSelectors
    package let action: Action
    /// With `lookup`: a route whose prefix is this long or shorter does not count (`FRA_SUPPRESS_PREFIXLEN`); 0 means default routes.
    package let suppressedPrefixLength: UInt32?
    /// With `lookup`: a route that leaves by a device of this group does not count (`FRA_SUPPRESS_IFGROUP`).
    package let suppressedInterfaceGroup: UInt32?
    /// `FRA_PROTOCOL`.
    package let routeProtocol: UInt8
    /// True when the rule has selectors or actions we do not model: then it is a stranger's, whatever its numbers.
    package let hasOtherSelectors: Bool

    package init(
        family: AddressFamily,
        preference: UInt32,
        selectors: RuleSelectors,
        action: Action,
        suppressedPrefixLength: UInt32? = nil,
        suppressedInterfaceGroup: UInt32? = nil,
        routeProtocol: UInt8,
        hasOtherSelectors: Bool = false
    ) {
        self.family = family
        self.preference = preference
        self.selectors = selectors
        self.action = action
        self.suppressedPrefixLength = suppressedPrefixLength
        self.suppressedInterfaceGroup = suppressedInterfaceGroup
        self.routeProtocol = routeProtocol
        self.hasOtherSelectors = hasOtherSelectors
    }

    /// The rule of a path: mark → table.
    package init(
        family: AddressFamily,
        preference: UInt32,
        mark: UInt32,
        mask: UInt32,
        table: UInt32,
        routeProtocol: UInt8,
        hasOtherSelectors: Bool = false
    ) {
        self.init(
            family: family,
            preference: preference,
            selectors: RuleSelectors(mark: mark, mask: mask),
            action: .lookup(table),
            routeProtocol: routeProtocol,
            hasOtherSelectors: hasOtherSelectors
        )
    }

    /// The table it looks in; 0 when it does something else.
    package var table: UInt32 {
        if case .lookup(let table) = action { table } else { 0 }
    }

    package var mark: UInt32 { selectors.mark }
    package var mask: UInt32 { selectors.mask }
}

/// Which packets a rule takes: those that meet everything that is set.
package struct RuleSelectors: Hashable, Sendable, Codable {
    /// Never of length 0, which selects nothing and is not kept by the kernel.
    package var source: IPPrefix?
    package var destination: IPPrefix?
    /// Name of the device the packet came in on; `lo` is what this host sends of itself. The device may be missing.
    package var inputInterface: String?
    /// Name of the device that the sending socket is bound to.
    package var outputInterface: String?
    /// Number of the IP protocol.
    package var transport: UInt8?
    /// Within 1 to 65534: the kernel refuses a range that holds port 0 or 65535 (seen on 6.18), so those need nftables.
    package var sourcePorts: ClosedRange<UInt16>?
    /// Within 1 to 65534, as `sourcePorts`.
    package var destinationPorts: ClosedRange<UInt16>?
    /// The bits of the mark that count, and what they must be; a mask of 0 looks at no mark.
    package var mark: UInt32
    package var mask: UInt32
    /// Of the sending socket.
    package var users: ClosedRange<UInt32>?
    /// The old type of service byte; 0 looks at none. The kernel takes only some of its bits, and none beside `codePoint`.
    package var typeOfService: UInt8
    /// Differentiated services code point, 0 to 63 (`FRA_DSCP`, from kernel 6.12 on).
    package var codePoint: UInt8?
    /// Takes the packets that do *not* meet all of it.
    package var isInverted: Bool

    package init(
        source: IPPrefix? = nil,
        destination: IPPrefix? = nil,
        inputInterface: String? = nil,
        outputInterface: String? = nil,
        transport: UInt8? = nil,
        sourcePorts: ClosedRange<UInt16>? = nil,
        destinationPorts: ClosedRange<UInt16>? = nil,
        mark: UInt32 = 0,
        mask: UInt32 = 0,
        users: ClosedRange<UInt32>? = nil,
        typeOfService: UInt8 = 0,
        codePoint: UInt8? = nil,
        isInverted: Bool = false
    ) {
        self.source = source
        self.destination = destination
        self.inputInterface = inputInterface
        self.outputInterface = outputInterface
        self.transport = transport
        self.sourcePorts = sourcePorts
        self.destinationPorts = destinationPorts
        self.mark = mark
        self.mask = mask
        self.users = users
        self.typeOfService = typeOfService
        self.codePoint = codePoint
        self.isInverted = isInverted
    }
}

extension Rule {
    /// Equal in everything but whose it is: what the kernel calls the same rule.
    package func selectsLike(_ other: Rule) -> Bool {
        family == other.family && preference == other.preference && selectors == other.selectors
            && action == other.action && suppressedPrefixLength == other.suppressedPrefixLength
            && suppressedInterfaceGroup == other.suppressedInterfaceGroup && !hasOtherSelectors
            && !other.hasOtherSelectors
    }
}
