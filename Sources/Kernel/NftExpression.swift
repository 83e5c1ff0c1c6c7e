/// Which nftables expressions a path's rule consists of: `meta mark & mask == mark counter`.
import CNftnl
import NetTypes

/// One libnftnl expression, not yet handed to a rule.
struct NftExpression: ~Copyable {
    private let handle: OpaquePointer

    /// Nil when libnftnl does not know the name or has no memory.
    private init?(_ name: String) {
        guard let handle = nftnl_expr_alloc(name) else { return nil }
        self.handle = handle
    }

    deinit { nftnl_expr_free(handle) }

    /// Hands the expression to the rule, which frees it from now on.
    consuming func move(into rule: OpaquePointer) {
        nftnl_rule_add_expr(rule, handle)
        discard self
    }

    /// Loads the packet's mark into register 1.
    static func loadMark() -> NftExpression? {
        guard let expression = NftExpression("meta") else { return nil }
        nftnl_expr_set_u32(expression.handle, UInt16(NFTNL_EXPR_META_KEY), NFT_META_MARK.rawValue)
        nftnl_expr_set_u32(expression.handle, UInt16(NFTNL_EXPR_META_DREG), register)
        return expression
    }

    /// Keeps the bits of the mask in register 1.
    static func mask(_ mask: MarkMask) -> NftExpression? {
        guard let expression = NftExpression("bitwise") else { return nil }
        nftnl_expr_set_u32(expression.handle, UInt16(NFTNL_EXPR_BITWISE_SREG), register)
        nftnl_expr_set_u32(expression.handle, UInt16(NFTNL_EXPR_BITWISE_DREG), register)
        nftnl_expr_set_u32(expression.handle, UInt16(NFTNL_EXPR_BITWISE_LEN), 4)
        guard expression.set(NFTNL_EXPR_BITWISE_MASK, mask.bits), expression.set(NFTNL_EXPR_BITWISE_XOR, 0) else {
            return nil
        }
        return expression
    }

    /// Goes on only if register 1 holds this mark.
    static func equal(_ mark: Mark) -> NftExpression? {
        guard let expression = NftExpression("cmp") else { return nil }
        nftnl_expr_set_u32(expression.handle, UInt16(NFTNL_EXPR_CMP_SREG), register)
        nftnl_expr_set_u32(expression.handle, UInt16(NFTNL_EXPR_CMP_OP), NFT_CMP_EQ.rawValue)
        guard expression.set(NFTNL_EXPR_CMP_DATA, mark.value) else { return nil }
        return expression
    }

    /// Counts packets and bytes.
    static func counter() -> NftExpression? { NftExpression("counter") }

    /// Sets data that is compared or combined with a register: a number in host order, as the mark is.
    private borrowing func set(_ attribute: Int, _ value: UInt32) -> Bool {
        withUnsafeBytes(of: value) { nftnl_expr_set(handle, UInt16(attribute), $0.baseAddress, UInt32($0.count)) == 0 }
    }

    fileprivate static let register = NFT_REG_1.rawValue
}

/// What the expressions of a read rule say, if it is one of ours.
struct NftPathMatch: Equatable {
    let mask: UInt32
    let mark: UInt32

    /// Nil when the rule is anything but `meta mark & mask == mark counter`.
    init?(rule: OpaquePointer) {
        guard let iterator = nftnl_expr_iter_create(rule) else { return nil }
        defer { nftnl_expr_iter_destroy(iterator) }
        guard let load = nftnl_expr_iter_next(iterator), Self.isMarkLoad(load),
            let bitwise = nftnl_expr_iter_next(iterator), let mask = Self.mask(bitwise),
            let compare = nftnl_expr_iter_next(iterator), let mark = Self.mark(compare),
            let counter = nftnl_expr_iter_next(iterator), Self.name(counter) == "counter",
            nftnl_expr_iter_next(iterator) == nil
        else { return nil }
        self.mask = mask
        self.mark = mark
    }

    private static func isMarkLoad(_ expression: OpaquePointer) -> Bool {
        name(expression) == "meta"
            && nftnl_expr_get_u32(expression, UInt16(NFTNL_EXPR_META_KEY)) == NFT_META_MARK.rawValue
            && nftnl_expr_get_u32(expression, UInt16(NFTNL_EXPR_META_DREG)) == NftExpression.register
    }

    private static func mask(_ expression: OpaquePointer) -> UInt32? {
        guard name(expression) == "bitwise",
            nftnl_expr_get_u32(expression, UInt16(NFTNL_EXPR_BITWISE_SREG)) == NftExpression.register,
            nftnl_expr_get_u32(expression, UInt16(NFTNL_EXPR_BITWISE_DREG)) == NftExpression.register,
            number(expression, NFTNL_EXPR_BITWISE_XOR) == 0
        else { return nil }
        return number(expression, NFTNL_EXPR_BITWISE_MASK)
    }

    private static func mark(_ expression: OpaquePointer) -> UInt32? {
        guard name(expression) == "cmp",
            nftnl_expr_get_u32(expression, UInt16(NFTNL_EXPR_CMP_SREG)) == NftExpression.register,
            nftnl_expr_get_u32(expression, UInt16(NFTNL_EXPR_CMP_OP)) == NFT_CMP_EQ.rawValue
        else { return nil }
        return number(expression, NFTNL_EXPR_CMP_DATA)
    }

    private static func name(_ expression: OpaquePointer) -> String? {
        nftnl_expr_get_str(expression, UInt16(NFTNL_EXPR_NAME)).map { String(cString: $0) }
    }

    private static func number(_ expression: OpaquePointer, _ attribute: Int) -> UInt32? {
        var length: UInt32 = 0
        guard let data = nftnl_expr_get(expression, UInt16(attribute), &length), length == 4 else { return nil }
        return data.loadUnaligned(as: UInt32.self)
    }
}
