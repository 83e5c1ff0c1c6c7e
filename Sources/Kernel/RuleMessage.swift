/// How a policy-routing rule stands in netlink bytes (`struct fib_rule_hdr`, linux/fib_rules.h).
import CShim
import Forwarding
import NetTypes

private enum RuleAttribute {
    static let preference = UInt16(FRA_PRIORITY)
    static let mark = UInt16(FRA_FWMARK)
    static let mask = UInt16(FRA_FWMASK)
    static let table = UInt16(FRA_TABLE)
    static let suppressGroup = UInt16(FRA_SUPPRESS_IFGROUP)
    static let suppressPrefix = UInt16(FRA_SUPPRESS_PREFIXLEN)
    static let routeProtocol = UInt16(FRA_PROTOCOL)
}

/// `struct fib_rule_hdr`.
private let headerSize = 12
/// `(u32)-1`: the two suppressors, when they suppress nothing.
private let noSuppression = UInt32.max

extension MessageEncoder {
    /// Adds the rule; one that is there already is refused (`EEXIST`).
    mutating func addRule(_ rule: Rule, sequence: UInt32) -> Bool {
        begin(Int(RTM_NEWRULE), flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, sequence: sequence)
        ruleBody(rule)
        return finish()
    }

    /// Deletes the rule that has all of these numbers.
    mutating func deleteRule(_ rule: Rule, sequence: UInt32) -> Bool {
        begin(Int(RTM_DELRULE), flags: NLM_F_REQUEST, sequence: sequence)
        ruleBody(rule)
        return finish()
    }

    /// Asks for the rules of a family.
    mutating func dumpRules(_ family: AddressFamily, sequence: UInt32) -> Bool {
        begin(Int(RTM_GETRULE), flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
        ruleHeader(family, table: 0, action: 0)
        return finish()
    }

    private mutating func ruleBody(_ rule: Rule) {
        ruleHeader(
            rule.family,
            table: UInt8(exactly: rule.table) ?? UInt8(RT_TABLE_UNSPEC.rawValue),
            action: UInt8(FR_ACT_TO_TBL)
        )
        attribute(RuleAttribute.preference, rule.preference)
        attribute(RuleAttribute.mark, rule.mark)
        attribute(RuleAttribute.mask, rule.mask)
        attribute(RuleAttribute.table, rule.table)
        attribute(RuleAttribute.routeProtocol, rule.routeProtocol)
    }

    private mutating func ruleHeader(_ family: AddressFamily, table: UInt8, action: UInt8) {
        put(family.number)
        for _ in 0..<3 { put(UInt8(0)) }
        put(table)
        put(UInt8(0))
        put(UInt8(0))
        put(action)
        put(UInt32(0))
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
    private var mark: UInt32 = 0
    /// The kernel leaves the mask out when the rule looks at no mark.
    private var mask: UInt32 = 0
    private var table: UInt32
    private var routeProtocol: UInt8 = 0
    private var hasOtherSelectors: Bool

    init(headerAt start: Int, in bytes: RawSpan) {
        table = UInt32(bytes.load(start + 4, as: UInt8.self))
        // Prefix lengths of destination and source, type of service; the action; FIB_RULE_INVERT and the like.
        let selectors = bytes.load(start, as: UInt32.self) & UInt32(bigEndian: 0x00FF_FFFF)
        let action = bytes.load(start + 7, as: UInt8.self)
        let flags = bytes.load(start + 8, as: UInt32.self)
        hasOtherSelectors = selectors != 0 || action != UInt8(FR_ACT_TO_TBL) || flags != 0
    }

    mutating func take(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedMessage) {
        switch attribute.type {
        case RuleAttribute.preference: preference = try bytes.number(attribute)
        case RuleAttribute.mark: mark = try bytes.number(attribute)
        case RuleAttribute.mask: mask = try bytes.number(attribute)
        case RuleAttribute.table: table = try bytes.number(attribute)
        case RuleAttribute.routeProtocol: routeProtocol = try bytes.number(attribute)
        case RuleAttribute.suppressGroup, RuleAttribute.suppressPrefix:
            if try bytes.number(attribute, as: UInt32.self) != noSuppression { hasOtherSelectors = true }
        default: hasOtherSelectors = true
        }
    }

    func rule(_ family: AddressFamily) -> Rule {
        Rule(
            family: family,
            preference: preference,
            mark: mark,
            mask: mask,
            table: table,
            routeProtocol: routeProtocol,
            hasOtherSelectors: hasOtherSelectors
        )
    }
}
