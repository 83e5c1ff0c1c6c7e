/// How a policy-routing rule stands in netlink bytes (`struct fib_rule_hdr`, linux/fib_rules.h).
import CShim
import Forwarding
import NetTypes

/// `FRA_*`; the last three are of kernels newer than the headers we build with.
private enum RuleAttribute {
    static let destination = UInt16(FRA_DST)
    static let source = UInt16(FRA_SRC)
    static let inputInterface = UInt16(FRA_IIFNAME)
    static let preference = UInt16(FRA_PRIORITY)
    static let mark = UInt16(FRA_FWMARK)
    static let suppressGroup = UInt16(FRA_SUPPRESS_IFGROUP)
    static let suppressPrefix = UInt16(FRA_SUPPRESS_PREFIXLEN)
    static let table = UInt16(FRA_TABLE)
    static let mask = UInt16(FRA_FWMASK)
    static let outputInterface = UInt16(FRA_OIFNAME)
    static let users = UInt16(FRA_UID_RANGE)
    static let routeProtocol = UInt16(FRA_PROTOCOL)
    static let transport = UInt16(FRA_IP_PROTO)
    static let sourcePorts = UInt16(FRA_SPORT_RANGE)
    static let destinationPorts = UInt16(FRA_DPORT_RANGE)
    /// `FRA_DSCP`, 6.12.
    static let codePoint: UInt16 = 25
    /// `FRA_SPORT_MASK`, `FRA_DPORT_MASK`, 6.14: what the kernel adds by itself to a single port.
    static let portMasks: ClosedRange<UInt16> = 28...29
    /// `FRA_DSCP_MASK`, 6.14: what the kernel adds by itself to a code point.
    static let codePointMask: UInt16 = 30
}

/// `FIB_RULE_*` of `struct fib_rule_hdr`, as far as they are told apart.
private enum RuleFlag {
    static let inverted = UInt32(FIB_RULE_INVERT)
    /// A named device that is not there: the kernel's remark, not the maker's wish.
    static let detached = UInt32(FIB_RULE_IIF_DETACHED) | UInt32(FIB_RULE_OIF_DETACHED)
}

/// `struct fib_rule_hdr`.
private let headerSize = 12
/// `(u32)-1`: the two suppressors, when they suppress nothing.
private let noSuppression = UInt32.max
/// Every bit of a port and of a code point.
private let (wholePort, wholeCodePoint) = (UInt16.max, UInt8(0x3F))

extension MessageEncoder {
    /// Adds the rule; one that is there already is refused (`EEXIST`).
    mutating func addRule(_ rule: Rule, sequence: UInt32) -> Bool {
        begin(Int(RTM_NEWRULE), flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, sequence: sequence)
        ruleBody(rule)
        return finish()
    }

    /// Deletes the first rule that has all of these selectors, and perhaps more: the kernel compares only what the message names. Our
    /// rules have a preference of their own each, so no other is meant.
    mutating func deleteRule(_ rule: Rule, sequence: UInt32) -> Bool {
        begin(Int(RTM_DELRULE), flags: NLM_F_REQUEST, sequence: sequence)
        ruleBody(rule)
        return finish()
    }

    /// Asks for the rules of a family.
    mutating func dumpRules(_ family: AddressFamily, sequence: UInt32) -> Bool {
        begin(Int(RTM_GETRULE), flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
        ruleHeader(family)
        return finish()
    }

    private mutating func ruleBody(_ rule: Rule) {
        let selectors = rule.selectors
        put(rule.family.number)
        put(selectors.destination?.length ?? 0)
        put(selectors.source?.length ?? 0)
        put(selectors.typeOfService)
        put(UInt8(exactly: rule.table) ?? UInt8(RT_TABLE_UNSPEC.rawValue))
        put(UInt16(0))
        put(rule.action.number)
        put(selectors.isInverted ? RuleFlag.inverted : 0)
        attribute(RuleAttribute.preference, rule.preference)
        if selectors.mask != 0 {
            attribute(RuleAttribute.mark, selectors.mark)
            attribute(RuleAttribute.mask, selectors.mask)
        }
        if case .lookup(let table) = rule.action { attribute(RuleAttribute.table, table) }
        attribute(RuleAttribute.routeProtocol, rule.routeProtocol)
        rareSelectors(selectors)
        if let length = rule.suppressedPrefixLength { attribute(RuleAttribute.suppressPrefix, length) }
        if let group = rule.suppressedInterfaceGroup { attribute(RuleAttribute.suppressGroup, group) }
    }

    private mutating func rareSelectors(_ selectors: RuleSelectors) {
        if let prefix = selectors.destination { attribute(RuleAttribute.destination, prefix.address) }
        if let prefix = selectors.source { attribute(RuleAttribute.source, prefix.address) }
        if let name = selectors.inputInterface { attribute(RuleAttribute.inputInterface, name) }
        if let name = selectors.outputInterface { attribute(RuleAttribute.outputInterface, name) }
        if let number = selectors.transport { attribute(RuleAttribute.transport, number) }
        if let ports = selectors.sourcePorts { range(RuleAttribute.sourcePorts, ports) }
        if let ports = selectors.destinationPorts { range(RuleAttribute.destinationPorts, ports) }
        if let users = selectors.users { range(RuleAttribute.users, users) }
        if let point = selectors.codePoint { attribute(RuleAttribute.codePoint, point) }
    }

    /// `struct fib_rule_port_range`, `struct fib_rule_uid_range`: both ends, in host order.
    private mutating func range<T: FixedWidthInteger & BitwiseCopyable>(_ type: UInt16, _ range: ClosedRange<T>) {
        beginAttribute(type, size: 2 * MemoryLayout<T>.size)
        put(range.lowerBound)
        put(range.upperBound)
    }

    private mutating func ruleHeader(_ family: AddressFamily) {
        put(family.number)
        for _ in 0..<3 { put(UInt8(0)) }
        put(UInt32(0))
        put(UInt32(0))
    }
}

extension Rule.Action {
    /// `FR_ACT_*`.
    fileprivate var number: UInt8 {
        switch self {
        case .lookup: UInt8(FR_ACT_TO_TBL)
        case .blackhole: UInt8(FR_ACT_BLACKHOLE)
        case .unreachable: UInt8(FR_ACT_UNREACHABLE)
        case .prohibit: UInt8(FR_ACT_PROHIBIT)
        }
    }
}

/// The report that an `RTM_NEWRULE` or `RTM_DELRULE` message carries; nil for families other than IPv4 and IPv6.
func ruleReport(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) -> KernelReport? {
    var attributes = try AttributeCursor(message.payload, after: headerSize)
    let start = message.payload.lowerBound
    guard let family = AddressFamily(number: bytes.load(start, as: UInt8.self)) else { return nil }
    var body = RuleBody(headerAt: start, in: bytes)
    while let attribute = try attributes.next(in: bytes) { try body.take(attribute, in: bytes) }
    let rule = body.rule(family)
    return Int(message.type) == Int(RTM_NEWRULE) ? .rule(rule) : .ruleGone(rule)
}

private struct RuleBody {
    private var preference: UInt32 = 0
    private var selectors = RuleSelectors()
    private var destination: IPAddress?
    private var source: IPAddress?
    private let (destinationLength, sourceLength): (UInt8, UInt8)
    private let action: UInt8
    private var table: UInt32
    private var suppressedPrefixLength: UInt32?
    private var suppressedGroup: UInt32?
    private var routeProtocol: UInt8 = 0
    private var hasOtherSelectors: Bool

    init(headerAt start: Int, in bytes: RawSpan) {
        destinationLength = bytes.load(start + 1, as: UInt8.self)
        sourceLength = bytes.load(start + 2, as: UInt8.self)
        table = UInt32(bytes.load(start + 4, as: UInt8.self))
        action = bytes.load(start + 7, as: UInt8.self)
        selectors.typeOfService = bytes.load(start + 3, as: UInt8.self)
        let flags = bytes.load(start + 8, as: UInt32.self)
        selectors.isInverted = flags & RuleFlag.inverted != 0
        hasOtherSelectors = flags & ~(RuleFlag.inverted | RuleFlag.detached) != 0
    }

    mutating func take(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedMessage) {
        switch attribute.type {
        case RuleAttribute.preference: preference = try bytes.number(attribute)
        case RuleAttribute.mark: selectors.mark = try bytes.number(attribute)
        // The kernel leaves the mask out when the rule looks at no mark.
        case RuleAttribute.mask: selectors.mask = try bytes.number(attribute)
        case RuleAttribute.table: table = try bytes.number(attribute)
        case RuleAttribute.routeProtocol: routeProtocol = try bytes.number(attribute)
        case RuleAttribute.suppressPrefix: suppressedPrefixLength = try suppressor(attribute, in: bytes)
        case RuleAttribute.suppressGroup: suppressedGroup = try suppressor(attribute, in: bytes)
        default: try takeRare(attribute, in: bytes)
        }
    }

    private mutating func takeRare(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedMessage) {
        switch attribute.type {
        case RuleAttribute.destination: destination = try bytes.address(attribute)
        case RuleAttribute.source: source = try bytes.address(attribute)
        case RuleAttribute.inputInterface: selectors.inputInterface = bytes.text(attribute)
        case RuleAttribute.outputInterface: selectors.outputInterface = bytes.text(attribute)
        case RuleAttribute.transport: selectors.transport = try bytes.number(attribute)
        case RuleAttribute.sourcePorts: selectors.sourcePorts = try range(attribute, in: bytes)
        case RuleAttribute.destinationPorts: selectors.destinationPorts = try range(attribute, in: bytes)
        case RuleAttribute.users: selectors.users = try range(attribute, in: bytes)
        case RuleAttribute.codePoint: selectors.codePoint = try bytes.number(attribute)
        case RuleAttribute.portMasks:
            if try bytes.number(attribute, as: UInt16.self) != wholePort { hasOtherSelectors = true }
        case RuleAttribute.codePointMask:
            if try bytes.number(attribute, as: UInt8.self) != wholeCodePoint { hasOtherSelectors = true }
        default: hasOtherSelectors = true
        }
    }

    private func suppressor(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedMessage) -> UInt32? {
        let number: UInt32 = try bytes.number(attribute)
        return number == noSuppression ? nil : number
    }

    /// A range whose end lies before its start, which no kernel keeps, is one we do not model.
    private mutating func range<T: FixedWidthInteger & BitwiseCopyable>(
        _ attribute: Attribute,
        in bytes: RawSpan
    ) throws(MalformedMessage) -> ClosedRange<T>? {
        let (start, size) = (attribute.value.lowerBound, MemoryLayout<T>.size)
        guard attribute.value.count >= 2 * size else { throw MalformedMessage(offset: start) }
        let (first, last) = (bytes.load(start, as: T.self), bytes.load(start + size, as: T.self))
        guard first <= last else {
            hasOtherSelectors = true
            return nil
        }
        return first...last
    }

    func rule(_ family: AddressFamily) -> Rule {
        var (selectors, isStrange) = (selectors, hasOtherSelectors)
        selectors.destination = prefix(destination, destinationLength, family, &isStrange)
        selectors.source = prefix(source, sourceLength, family, &isStrange)
        if selectors.mask == 0, selectors.mark != 0 { isStrange = true }
        return Rule(
            family: family,
            preference: preference,
            selectors: selectors,
            action: action(&isStrange),
            suppressedPrefixLength: suppressedPrefixLength,
            suppressedInterfaceGroup: suppressedGroup,
            routeProtocol: routeProtocol,
            hasOtherSelectors: isStrange
        )
    }

    private func action(_ isStrange: inout Bool) -> Rule.Action {
        switch Int(action) {
        case Int(FR_ACT_TO_TBL): return .lookup(table)
        case Int(FR_ACT_BLACKHOLE): return .blackhole
        case Int(FR_ACT_UNREACHABLE): return .unreachable
        case Int(FR_ACT_PROHIBIT): return .prohibit
        default:
            isStrange = true
            return .lookup(table)
        }
    }

    private func prefix(
        _ address: IPAddress?,
        _ length: UInt8,
        _ family: AddressFamily,
        _ isStrange: inout Bool
    ) -> IPPrefix? {
        guard let address, length > 0 else { return nil }
        if address.family != family { isStrange = true }
        return IPPrefix(containing: address, length: length)
    }
}
