/// How one expression of a rule becomes libnftnl's: name, registers, numbers.
import CNftnl
import Forwarding
import Glibc

/// One libnftnl expression, not yet handed to a rule.
struct NftExpression: ~Copyable {
    private let handle: OpaquePointer

    /// Nil when libnftnl does not know the name or has no memory.
    private init?(named name: String) {
        guard let handle = nftnl_expr_alloc(name) else { return nil }
        self.handle = handle
    }

    /// Throws when libnftnl does not know the expression or has no memory.
    static func make(_ expression: Ruleset.Expression) throws(KernelRefusal) -> NftExpression {
        guard let made = NftExpression(named: expression.name), made.fill(expression) else { throw .outOfMemory }
        return made
    }

    deinit { nftnl_expr_free(handle) }

    /// Hands the expression to the rule, which frees it from now on.
    consuming func move(into rule: OpaquePointer) {
        nftnl_rule_add_expr(rule, handle)
        discard self
    }

    private borrowing func fill(_ expression: Ruleset.Expression) -> Bool {
        switch expression {
        case .meta, .setMeta, .payload, .connection, .setConnectionMark, .route, .destinationType, .socketMark,
            .tcpOption, .setTCPOption:
            fillReading(expression)
            return true
        case .compare, .range, .bitwise, .toNetworkOrder, .load, .number, .hash, .flowHash:
            return fillComputing(expression)
        case .lookup, .lookupValue, .lookupVerdict, .countIn, .quotaOf: return fillNaming(expression)
        case .verdict(let verdict): return fill(verdict)
        case .translate(let translation):
            fill(translation)
            return true
        case .masquerade, .counter: return true
        case .redirect(let port):
            if let port { set(NFTNL_EXPR_REDIR_REG_PROTO_MIN, port) }
            return true
        case .quota(let bytes, let isOver):
            nftnl_expr_set_u64(handle, UInt16(NFTNL_EXPR_QUOTA_BYTES), bytes)
            set(NFTNL_EXPR_QUOTA_FLAGS, isOver ? NFT_QUOTA_F_INV.rawValue : 0)
            return true
        case .limit(let packets, let per, let burst):
            nftnl_expr_set_u64(handle, UInt16(NFTNL_EXPR_LIMIT_RATE), packets)
            nftnl_expr_set_u64(handle, UInt16(NFTNL_EXPR_LIMIT_UNIT), per)
            set(NFTNL_EXPR_LIMIT_BURST, burst)
            set(NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS.rawValue)
            return true
        case .reject(.unreachable(let code)):
            set(NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH.rawValue)
            nftnl_expr_set_u8(handle, UInt16(NFTNL_EXPR_REJECT_CODE), code)
            return true
        case .reject(.tcpReset):
            set(NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_TCP_RST.rawValue)
            return true
        }
    }
}

// MARK: - Groups of expressions

extension NftExpression {
    /// Those that load something of the packet, its socket, its connection or its route, or store it there.
    private borrowing func fillReading(_ expression: Ruleset.Expression) {
        switch expression {
        case .meta(let key, let register):
            set(NFTNL_EXPR_META_KEY, key.rawValue)
            set(NFTNL_EXPR_META_DREG, register)
        case .setMeta(let key, let register):
            set(NFTNL_EXPR_META_KEY, key.rawValue)
            set(NFTNL_EXPR_META_SREG, register)
        case .payload(let base, let offset, let length, let register):
            set(NFTNL_EXPR_PAYLOAD_DREG, register)
            set(NFTNL_EXPR_PAYLOAD_BASE, base.rawValue)
            set(NFTNL_EXPR_PAYLOAD_OFFSET, offset)
            set(NFTNL_EXPR_PAYLOAD_LEN, length)
        case .connection(let key, let register):
            set(NFTNL_EXPR_CT_KEY, key.rawValue)
            set(NFTNL_EXPR_CT_DREG, register)
        case .setConnectionMark(let register):
            set(NFTNL_EXPR_CT_KEY, NFT_CT_MARK.rawValue)
            set(NFTNL_EXPR_CT_SREG, register)
        case .route(let key, let register):
            set(NFTNL_EXPR_RT_KEY, key.rawValue)
            set(NFTNL_EXPR_RT_DREG, register)
        case .destinationType(let register):
            set(NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE.rawValue)
            set(NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR.rawValue)
            set(NFTNL_EXPR_FIB_DREG, register)
        case .socketMark(let register):
            set(NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_MARK.rawValue)
            set(NFTNL_EXPR_SOCKET_DREG, register)
        case .tcpOption(let kind, let offset, let length, let register):
            fillTCPOption(kind, offset, length)
            set(NFTNL_EXPR_EXTHDR_DREG, register)
        case .setTCPOption(let kind, let offset, let length, let register):
            fillTCPOption(kind, offset, length)
            set(NFTNL_EXPR_EXTHDR_SREG, register)
        case .compare, .range, .bitwise, .toNetworkOrder, .lookup, .lookupValue, .lookupVerdict, .load, .verdict,
            .translate, .masquerade, .redirect, .number, .hash, .flowHash, .counter, .quota, .countIn, .quotaOf, .limit,
            .reject:
            return
        }
    }

    private borrowing func fillTCPOption(_ kind: UInt8, _ offset: UInt32, _ length: UInt32) {
        nftnl_expr_set_u8(handle, UInt16(NFTNL_EXPR_EXTHDR_TYPE), kind)
        set(NFTNL_EXPR_EXTHDR_OFFSET, offset)
        set(NFTNL_EXPR_EXTHDR_LEN, length)
        set(NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT.rawValue)
    }

    /// Those that compare registers or compute in them.
    private borrowing func fillComputing(_ expression: Ruleset.Expression) -> Bool {
        switch expression {
        case .compare(let register, let comparison, let data):
            set(NFTNL_EXPR_CMP_SREG, register)
            set(NFTNL_EXPR_CMP_OP, comparison.rawValue)
            return set(NFTNL_EXPR_CMP_DATA, data)
        case .range(let register, let from, let to):
            set(NFTNL_EXPR_RANGE_SREG, register)
            set(NFTNL_EXPR_RANGE_OP, NFT_RANGE_EQ.rawValue)
            return set(NFTNL_EXPR_RANGE_FROM_DATA, from) && set(NFTNL_EXPR_RANGE_TO_DATA, to)
        case .bitwise(let register, let mask, let xor):
            set(NFTNL_EXPR_BITWISE_SREG, register)
            set(NFTNL_EXPR_BITWISE_DREG, register)
            set(NFTNL_EXPR_BITWISE_LEN, UInt32(mask.count))
            return set(NFTNL_EXPR_BITWISE_MASK, mask) && set(NFTNL_EXPR_BITWISE_XOR, xor)
        case .toNetworkOrder(let register, let size, let length):
            set(NFTNL_EXPR_BYTEORDER_SREG, register)
            set(NFTNL_EXPR_BYTEORDER_DREG, register)
            set(NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON.rawValue)
            set(NFTNL_EXPR_BYTEORDER_LEN, length)
            set(NFTNL_EXPR_BYTEORDER_SIZE, size)
        case .load(let data, let register):
            set(NFTNL_EXPR_IMM_DREG, register)
            return set(NFTNL_EXPR_IMM_DATA, data)
        case .number(let isRandom, let modulus, let register):
            set(NFTNL_EXPR_NG_DREG, register)
            set(NFTNL_EXPR_NG_MODULUS, modulus)
            set(NFTNL_EXPR_NG_TYPE, isRandom ? NFT_NG_RANDOM.rawValue : NFT_NG_INCREMENTAL.rawValue)
        case .hash(let source, let length, let modulus, let seed, let register):
            set(NFTNL_EXPR_HASH_SREG, source)
            set(NFTNL_EXPR_HASH_LEN, length)
            set(NFTNL_EXPR_HASH_SEED, seed)
            fillHash(NFT_HASH_JENKINS, modulus, register)
        case .flowHash(let modulus, let register): fillHash(NFT_HASH_SYM, modulus, register)
        case .meta, .setMeta, .payload, .connection, .setConnectionMark, .route, .destinationType, .socketMark,
            .tcpOption, .setTCPOption, .lookup, .lookupValue, .lookupVerdict, .verdict, .translate, .masquerade,
            .redirect,
            .counter, .quota, .countIn, .quotaOf, .limit, .reject:
            return false
        }
        return true
    }

    private borrowing func fillHash(_ type: nft_hash_types, _ modulus: UInt32, _ register: Ruleset.Register) {
        set(NFTNL_EXPR_HASH_DREG, register)
        set(NFTNL_EXPR_HASH_MODULUS, modulus)
        set(NFTNL_EXPR_HASH_TYPE, type.rawValue)
    }

    /// Those that name a set, a map or an object of the table.
    private borrowing func fillNaming(_ expression: Ruleset.Expression) -> Bool {
        switch expression {
        case .lookup(let register, let name, let isNegated):
            set(NFTNL_EXPR_LOOKUP_SREG, register)
            if isNegated { set(NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV.rawValue) }
            return set(NFTNL_EXPR_LOOKUP_SET, name)
        case .lookupValue(let register, let name, let target):
            set(NFTNL_EXPR_LOOKUP_SREG, register)
            set(NFTNL_EXPR_LOOKUP_DREG, target)
            return set(NFTNL_EXPR_LOOKUP_SET, name)
        case .lookupVerdict(let register, let name):
            set(NFTNL_EXPR_LOOKUP_SREG, register)
            set(NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT.rawValue)
            return set(NFTNL_EXPR_LOOKUP_SET, name)
        case .countIn(let name):
            set(NFTNL_EXPR_OBJREF_IMM_TYPE, UInt32(NFT_OBJECT_COUNTER))
            return set(NFTNL_EXPR_OBJREF_IMM_NAME, name)
        case .quotaOf(let name):
            set(NFTNL_EXPR_OBJREF_IMM_TYPE, UInt32(NFT_OBJECT_QUOTA))
            return set(NFTNL_EXPR_OBJREF_IMM_NAME, name)
        case .meta, .setMeta, .payload, .connection, .setConnectionMark, .route, .destinationType, .socketMark,
            .tcpOption, .setTCPOption, .compare, .range, .bitwise, .toNetworkOrder, .load, .verdict, .translate,
            .masquerade, .redirect, .number, .hash, .flowHash, .counter, .quota, .limit, .reject:
            return false
        }
    }

    private borrowing func fill(_ verdict: Ruleset.Verdict) -> Bool {
        set(NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT.rawValue)
        set(NFTNL_EXPR_IMM_VERDICT, UInt32(bitPattern: verdict.code))
        return verdict.chain.map { set(NFTNL_EXPR_IMM_CHAIN, $0) } ?? true
    }

    private borrowing func fill(_ translation: Ruleset.Translation) {
        set(NFTNL_EXPR_NAT_TYPE, translation.kind.rawValue)
        set(NFTNL_EXPR_NAT_FAMILY, translation.isIPv6 ? NetfilterNumber.ipv6 : NetfilterNumber.ipv4)
        set(NFTNL_EXPR_NAT_REG_ADDR_MIN, translation.address)
        if let last = translation.lastAddress { set(NFTNL_EXPR_NAT_REG_ADDR_MAX, last) }
        if let port = translation.port { set(NFTNL_EXPR_NAT_REG_PROTO_MIN, port) }
        if translation.isPrefix { set(NFTNL_EXPR_NAT_FLAGS, NetfilterNumber.rangeIsPrefix) }
    }

    // MARK: - Attributes

    private borrowing func set(_ attribute: Int, _ value: UInt32) {
        nftnl_expr_set_u32(handle, UInt16(attribute), value)
    }

    private borrowing func set(_ attribute: Int, _ register: Ruleset.Register) {
        nftnl_expr_set_u32(handle, UInt16(attribute), register.number)
    }

    private borrowing func set(_ attribute: Int, _ data: [UInt8]) -> Bool {
        nftnl_expr_set(handle, UInt16(attribute), data, UInt32(data.count)) == 0
    }

    private borrowing func set(_ attribute: Int, _ name: String) -> Bool {
        nftnl_expr_set_str(handle, UInt16(attribute), name) == 0
    }
}

extension Ruleset.Expression {
    /// The kernel module's name.
    fileprivate var name: String {
        switch self {
        case .meta, .setMeta: "meta"
        case .payload: "payload"
        case .compare: "cmp"
        case .range: "range"
        case .bitwise: "bitwise"
        case .toNetworkOrder: "byteorder"
        case .lookup, .lookupValue, .lookupVerdict: "lookup"
        case .load, .verdict: "immediate"
        case .connection, .setConnectionMark: "ct"
        case .translate: "nat"
        case .masquerade: "masq"
        case .redirect: "redir"
        case .destinationType: "fib"
        case .number: "numgen"
        case .hash, .flowHash: "hash"
        case .tcpOption, .setTCPOption: "exthdr"
        case .route: "rt"
        case .counter: "counter"
        case .quota: "quota"
        case .countIn, .quotaOf: "objref"
        case .limit: "limit"
        case .reject: "reject"
        case .socketMark: "socket"
        }
    }
}
