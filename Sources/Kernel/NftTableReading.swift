/// How the kernel's answers about our nftables table are put together: pure code over received bytes.
import CNftnl
import Forwarding
import NetTypes

struct NftTableReading {
    /// `struct nfgenmsg`.
    static let headerSize = 4

    let name: String
    /// Sets in the order in which they were told, whose elements are still to be read.
    private(set) var declarations: [Ruleset.SetDeclaration] = []
    private(set) var state: RulesetState
    private var rules: [String: [UInt64]] = [:]

    init(name: String) {
        self.name = name
        state = RulesetState(name: name)
    }

    /// A table that is switched off (`NFT_TABLE_F_DORMANT`) does nothing, though all is there.
    mutating func take(table message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = try AttributeCursor(message.payload, after: Self.headerSize)
        while let attribute = try attributes.next(in: bytes) {
            guard attribute.type == UInt16(NFTA_TABLE_FLAGS.rawValue) else { continue }
            if try bytes.bigEndian(attribute) & UInt32(NFT_TABLE_F_DORMANT.rawValue) != 0 {
                state.isBeyondRepair = true
            }
        }
    }

    mutating func take(chain message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = try AttributeCursor(message.payload, after: Self.headerSize)
        var chain = ChainFields()
        while let attribute = try attributes.next(in: bytes) {
            switch UInt32(attribute.type) {
            case NFTA_CHAIN_TABLE.rawValue: chain.table = bytes.text(attribute)
            case NFTA_CHAIN_NAME.rawValue: chain.name = bytes.text(attribute)
            case NFTA_CHAIN_TYPE.rawValue: chain.kind = bytes.text(attribute)
            case NFTA_CHAIN_POLICY.rawValue: chain.policy = try bytes.bigEndian(attribute)
            case NFTA_CHAIN_HOOK.rawValue: try chain.takeHook(attribute, in: bytes)
            default: continue
            }
        }
        guard chain.table == name else { return }
        if !chain.isLikeOurs { state.isBeyondRepair = true }
        state.chains[chain.name] = RulesetState.Chain(hook: chain.hook, rules: rules[chain.name] ?? [])
    }

    mutating func take(rule message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = try AttributeCursor(message.payload, after: Self.headerSize)
        var (table, chain) = ("", "")
        var digest: UInt64 = 0
        while let attribute = try attributes.next(in: bytes) {
            switch UInt32(attribute.type) {
            case NFTA_RULE_TABLE.rawValue: table = bytes.text(attribute)
            case NFTA_RULE_CHAIN.rawValue: chain = bytes.text(attribute)
            case NFTA_RULE_USERDATA.rawValue:
                let comment = bytes.octets(attribute.value).withUnsafeBytes { NftComment.text(in: $0) }
                digest = comment.flatMap { Ruleset.Rule.digest(inComment: $0) } ?? 0
            default: continue
            }
        }
        guard table == name else { return }
        rules[chain, default: []].append(digest)
        if let there = state.chains[chain] {
            state.chains[chain] = RulesetState.Chain(hook: there.hook, rules: rules[chain] ?? [])
        }
    }

    mutating func take(set message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = try AttributeCursor(message.payload, after: Self.headerSize)
        var (table, set) = ("", "")
        var (flags, key, data): (UInt32, UInt32, UInt32) = (0, 0, 0)
        var timeout: UInt64 = 0
        while let attribute = try attributes.next(in: bytes) {
            switch UInt32(attribute.type) {
            case NFTA_SET_TABLE.rawValue: table = bytes.text(attribute)
            case NFTA_SET_NAME.rawValue: set = bytes.text(attribute)
            case NFTA_SET_FLAGS.rawValue: flags = try bytes.bigEndian(attribute)
            case NFTA_SET_KEY_TYPE.rawValue: key = try bytes.bigEndian(attribute)
            case NFTA_SET_DATA_TYPE.rawValue: data = try bytes.bigEndian(attribute)
            case NFTA_SET_TIMEOUT.rawValue: timeout = UInt64(bigEndian: try bytes.number(attribute))
            default: continue
            }
        }
        guard table == name else { return }
        // A set without a name of its own belongs to a rule that is not ours; it goes with the rule.
        guard flags & NFT_SET_ANONYMOUS.rawValue == 0 else { return }
        declarations.append(
            Ruleset.SetDeclaration(name: set, flags: flags, keyType: key, dataType: data, timeout: timeout)
        )
    }

    mutating func take(_ elements: Ruleset.Elements, of declaration: Ruleset.SetDeclaration) {
        state.sets[declaration.name] = RulesetState.NamedSet(declaration, elements)
    }

    mutating func take(object message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = try AttributeCursor(message.payload, after: Self.headerSize)
        var (table, object) = ("", "")
        var type: UInt32 = 0
        var data: Range<Int>?
        while let attribute = try attributes.next(in: bytes) {
            switch UInt32(attribute.type) {
            case NFTA_OBJ_TABLE.rawValue: table = bytes.text(attribute)
            case NFTA_OBJ_NAME.rawValue: object = bytes.text(attribute)
            case NFTA_OBJ_TYPE.rawValue: type = try bytes.bigEndian(attribute)
            case NFTA_OBJ_DATA.rawValue: data = attribute.value
            default: continue
            }
        }
        guard table == name else { return }
        if let kind = try Self.kind(type, data, in: bytes) {
            state.objects[object] = kind
        } else {
            state.isBeyondRepair = true
        }
    }

    /// Nil for a kind of object that we do not make.
    private static func kind(_ type: UInt32, _ data: Range<Int>?, in bytes: RawSpan) throws(MalformedMessage)
        -> Ruleset.Object.Kind?
    {
        if type == UInt32(NFT_OBJECT_COUNTER) { return .counter }
        guard type == UInt32(NFT_OBJECT_QUOTA), let data else { return nil }
        var inner = AttributeCursor(data)
        var size: UInt64 = 0
        var flags: UInt32 = 0
        while let attribute = try inner.next(in: bytes) {
            switch UInt32(attribute.type) {
            case NFTA_QUOTA_BYTES.rawValue: size = UInt64(bigEndian: try bytes.number(attribute))
            case NFTA_QUOTA_FLAGS.rawValue: flags = try bytes.bigEndian(attribute)
            default: continue
            }
        }
        return .quota(bytes: size, isOver: flags & NFT_QUOTA_F_INV.rawValue != 0)
    }
}

/// What one chain's message says.
private struct ChainFields {
    var table = ""
    var name = ""
    var kind = ""
    var policy = UInt32(NetfilterNumber.accept)
    private var point: UInt32?
    private var priority: Int32 = 0

    mutating func takeHook(_ hook: Attribute, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = AttributeCursor(hook.value)
        while let attribute = try attributes.next(in: bytes) {
            switch UInt32(attribute.type) {
            case NFTA_HOOK_HOOKNUM.rawValue: point = try bytes.bigEndian(attribute)
            case NFTA_HOOK_PRIORITY.rawValue: priority = Int32(bitPattern: try bytes.bigEndian(attribute))
            default: continue
            }
        }
    }

    var hook: Ruleset.Hook? {
        guard let point = point.flatMap(Ruleset.Hook.Point.init), let kind = Ruleset.Hook.Kind(rawValue: kind) else {
            return nil
        }
        return Ruleset.Hook(kind, point, priority: priority)
    }

    /// A chain without a hook, or one of the kinds that we hang up, with our policy.
    var isLikeOurs: Bool { point == nil || (hook != nil && policy == UInt32(NetfilterNumber.accept)) }
}

/// The elements of one set as they are told, in no order that could be relied on.
struct NftElementReading {
    private struct Told {
        let key: [UInt8]
        var end: [UInt8]?
        var isEnd = false
        var value: Ruleset.Element.Value?
    }

    private let declaration: Ruleset.SetDeclaration
    private var told: [Told] = []
    /// An element with a verdict or value that we do not give.
    private var isStrange = false

    init(_ declaration: Ruleset.SetDeclaration) { self.declaration = declaration }

    mutating func take(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = try AttributeCursor(message.payload, after: NftTableReading.headerSize)
        while let attribute = try attributes.next(in: bytes) {
            guard attribute.type == UInt16(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) else { continue }
            var items = AttributeCursor(attribute.value)
            while let item = try items.next(in: bytes) { try take(element: item, in: bytes) }
        }
    }

    private mutating func take(element: Attribute, in bytes: RawSpan) throws(MalformedMessage) {
        var fields = AttributeCursor(element.value)
        var (key, end): ([UInt8], [UInt8]?) = ([], nil)
        var flags: UInt32 = 0
        var value: Ruleset.Element.Value?
        while let field = try fields.next(in: bytes) {
            switch UInt32(field.type) {
            case NFTA_SET_ELEM_KEY.rawValue: key = try Self.data(field, in: bytes) ?? []
            case NFTA_SET_ELEM_KEY_END.rawValue: end = try Self.data(field, in: bytes)
            case NFTA_SET_ELEM_FLAGS.rawValue: flags = try bytes.bigEndian(field)
            case NFTA_SET_ELEM_DATA.rawValue:
                value = try Self.value(field, in: bytes)
                if value == nil { isStrange = true }
            default: continue
            }
        }
        let isEnd = flags & NFT_SET_ELEM_INTERVAL_END.rawValue != 0
        told.append(Told(key: key, end: end, isEnd: isEnd, value: value))
    }

    private static func data(_ field: Attribute, in bytes: RawSpan) throws(MalformedMessage) -> [UInt8]? {
        var inner = AttributeCursor(field.value)
        while let attribute = try inner.next(in: bytes) {
            if attribute.type == UInt16(NFTA_DATA_VALUE.rawValue) { return bytes.octets(attribute.value) }
        }
        return nil
    }

    private static func value(_ field: Attribute, in bytes: RawSpan) throws(MalformedMessage) -> Ruleset.Element.Value?
    {
        var inner = AttributeCursor(field.value)
        while let attribute = try inner.next(in: bytes) {
            if attribute.type == UInt16(NFTA_DATA_VALUE.rawValue) { return .data(bytes.octets(attribute.value)) }
            guard attribute.type == UInt16(NFTA_DATA_VERDICT.rawValue) else { continue }
            var parts = AttributeCursor(attribute.value)
            var code: Int32?
            var chain: String?
            while let part = try parts.next(in: bytes) {
                switch UInt32(part.type) {
                case NFTA_VERDICT_CODE.rawValue: code = Int32(bitPattern: try bytes.bigEndian(part))
                case NFTA_VERDICT_CHAIN.rawValue: chain = bytes.text(part)
                default: continue
                }
            }
            return code.flatMap { Ruleset.Verdict(code: $0, chain: chain) }.map { .verdict($0) }
        }
        return nil
    }

    // MARK: - Put together

    /// The elements in the form in which a wish has them.
    var elements: Ruleset.Elements {
        if declaration.timeout > 0 { return .kept }
        // One element that no wish has, so that the set differs from it.
        if isStrange { return .listed([Ruleset.Element([])]) }
        let kind = declaration.key.count == 1 && declaration.values == .none ? declaration.key.first : nil
        if kind == .address4 || kind == .address6 { return .addresses(addressRanges) }
        return .listed(declaration.isInterval && declaration.key.count == 1 ? ranges : keys)
    }

    private var keys: [Ruleset.Element] {
        told.map { told in
            let last = declaration.isInterval ? told.end ?? told.key : nil
            return Ruleset.Element(told.key, last: last, value: told.value)
        }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// Starts and ends by their keys; where a range ends and another starts at the same key, the end comes first.
    private var sorted: [Told] {
        told.sorted { a, b in a.key == b.key ? a.isEnd && !b.isEnd : a.key.lexicographicallyPrecedes(b.key) }
    }

    private var ranges: [Ruleset.Element] {
        var ranges: [Ruleset.Element] = []
        var start: Told?
        for item in sorted {
            if let open = start {
                ranges.append(Ruleset.Element(open.key, last: item.key.predecessor ?? open.key, value: open.value))
            }
            start = item.isEnd ? nil : item
        }
        if let open = start {
            let highest = [UInt8](repeating: 0xFF, count: open.key.count)
            ranges.append(Ruleset.Element(open.key, last: highest, value: open.value))
        }
        return ranges
    }

    private var addressRanges: AddressRanges {
        if !declaration.isInterval {
            let hosts = told.compactMap { IPAddress(bytes: $0.key) }.sorted()
            return AddressRanges(sorted: hosts.map { $0...$0 })
        }
        return AddressRanges(
            ranges.compactMap { range in
                guard let low = IPAddress(bytes: range.key), let high = range.last.flatMap({ IPAddress(bytes: $0) }),
                    low <= high
                else { return nil }
                return low...high
            }
        )
    }
}
