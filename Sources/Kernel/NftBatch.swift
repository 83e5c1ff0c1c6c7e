/// How a change of our nftables table is sent: which messages, in one transaction that the kernel keeps as a whole or not at all.
///
/// Only the end of the batch asks for an acknowledgement: on a batch that fails, acknowledgements of single objects say 0 before the
/// failing one is reached, though nothing is kept (architecture.md, fact 8).
import CNftnl
import CShim
import Forwarding
import Glibc
import NetTypes

/// Numbers of linux/netfilter.h, which cannot be imported: its linux/in.h redefines what libc's netinet/in.h has.
enum NetfilterNumber {
    /// `NFPROTO_INET`: IPv4 and IPv6 in one table.
    static let inet: UInt32 = 1
    static let ipv4: UInt32 = 2
    static let ipv6: UInt32 = 10
    /// `NF_DROP` and `NF_ACCEPT`.
    static let drop: Int32 = 0
    static let accept: Int32 = 1
    /// `NF_NAT_RANGE_NETMAP`.
    static let rangeIsPrefix: UInt32 = 1 << 6
}

struct NftBatch: ~Copyable {
    /// Room for the largest message of libnftnl: a rule with its expressions and comment stays under 4 KiB.
    private static let messageLimit = 16 << 10
    /// `NFT_NAME_MAXLEN` with its NUL, for tables, chains, sets and objects alike.
    private static let nameLimit = 256

    private let scratch: UnsafeMutablePointer<CChar>
    private var bytes = GrowingBytes()
    private var sequence: UInt32
    private var setNumber: UInt32 = 0
    private let table: String

    /// - Parameter sequence: of the first message; the others count up from it.
    ///
    /// Throws when the table's name cannot be stored.
    init(sequence: UInt32, table: String) throws(KernelRefusal) {
        try Self.check(table, "table name")
        scratch = .allocate(capacity: Self.messageLimit)
        self.sequence = sequence
        self.table = table
        appendMessage { nftnl_batch_begin($0, $1) }
    }

    deinit { scratch.deallocate() }

    /// Ends the batch and asks for its acknowledgement; gives the sequence number that carries it.
    mutating func end() -> UInt32 {
        appendMessage { buffer, sequence in
            let header = nftnl_batch_end(buffer, sequence)
            header?.pointee.nlmsg_flags |= UInt16(NLM_F_ACK)
            return header
        }
        return sequence &- 1
    }

    borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withBytes(body)
    }

    /// Appends what one step takes. Throws when a name or comment cannot be stored, or memory is out.
    mutating func append(_ step: RulesetChange.Step) throws(KernelRefusal) {
        switch step {
        case .addTable: try appendTable(NFT_MSG_NEWTABLE, NLM_F_CREATE)
        // An existing table does not mind being made, and then there is one to delete.
        case .deleteTable:
            try appendTable(NFT_MSG_NEWTABLE, NLM_F_CREATE)
            try appendTable(NFT_MSG_DELTABLE, 0)
        case .addChain(let name, let hook): try appendChain(NFT_MSG_NEWCHAIN, NLM_F_CREATE, name, hook)
        case .deleteChain(let name): try appendChain(NFT_MSG_DELCHAIN, 0, name, nil)
        case .flushChain(let name): try appendRule(NFT_MSG_DELRULE, 0, chain: name, nil)
        case .addRule(let chain, let rule):
            try appendRule(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, chain: chain, rule)
        case .addSet(let declaration): try appendSet(declaration)
        case .deleteSet(let name): try appendSetDeletion(name)
        case .addElements(let set, let elements):
            try appendElements(NFT_MSG_NEWSETELEM, NLM_F_CREATE, set, elements)
        case .deleteElements(let set, let elements): try appendElements(NFT_MSG_DELSETELEM, 0, set, elements)
        case .addObject(let object): try appendObject(NFT_MSG_NEWOBJ, NLM_F_CREATE, object)
        case .deleteObject(let object): try appendObject(NFT_MSG_DELOBJ, 0, object)
        }
    }
}

// MARK: - Tables, chains, rules

extension NftBatch {
    private mutating func appendTable(_ type: nf_tables_msg_types, _ flags: Int32) throws(KernelRefusal) {
        guard let handle = nftnl_table_alloc() else { throw .outOfMemory }
        defer { nftnl_table_free(handle) }
        nftnl_table_set_u32(handle, UInt16(NFTNL_TABLE_FAMILY.rawValue), NetfilterNumber.inet)
        guard nftnl_table_set_str(handle, UInt16(NFTNL_TABLE_NAME.rawValue), table) == 0 else { throw .outOfMemory }
        appendObject(type, flags) { nftnl_table_nlmsg_build_payload($0, handle) }
    }

    private mutating func appendChain(
        _ type: nf_tables_msg_types,
        _ flags: Int32,
        _ name: String,
        _ hook: Ruleset.Hook?
    ) throws(KernelRefusal) {
        try Self.check(name, "chain name")
        guard let handle = nftnl_chain_alloc() else { throw .outOfMemory }
        defer { nftnl_chain_free(handle) }
        nftnl_chain_set_u32(handle, UInt16(NFTNL_CHAIN_FAMILY.rawValue), NetfilterNumber.inet)
        guard nftnl_chain_set_str(handle, UInt16(NFTNL_CHAIN_TABLE.rawValue), table) == 0,
            nftnl_chain_set_str(handle, UInt16(NFTNL_CHAIN_NAME.rawValue), name) == 0
        else { throw .outOfMemory }
        if let hook {
            nftnl_chain_set_u32(handle, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue), hook.point.rawValue)
            nftnl_chain_set_s32(handle, UInt16(NFTNL_CHAIN_PRIO.rawValue), hook.priority)
            nftnl_chain_set_u32(handle, UInt16(NFTNL_CHAIN_POLICY.rawValue), UInt32(NetfilterNumber.accept))
            guard nftnl_chain_set_str(handle, UInt16(NFTNL_CHAIN_TYPE.rawValue), hook.kind.rawValue) == 0 else {
                throw .outOfMemory
            }
        }
        appendObject(type, flags) { nftnl_chain_nlmsg_build_payload($0, handle) }
    }

    /// Without a rule: all of the chain.
    private mutating func appendRule(
        _ type: nf_tables_msg_types,
        _ flags: Int32,
        chain: String,
        _ rule: Ruleset.Rule?
    ) throws(KernelRefusal) {
        guard let handle = nftnl_rule_alloc() else { throw .outOfMemory }
        defer { nftnl_rule_free(handle) }
        nftnl_rule_set_u32(handle, UInt16(NFTNL_RULE_FAMILY.rawValue), NetfilterNumber.inet)
        guard nftnl_rule_set_str(handle, UInt16(NFTNL_RULE_TABLE.rawValue), table) == 0,
            nftnl_rule_set_str(handle, UInt16(NFTNL_RULE_CHAIN.rawValue), chain) == 0
        else { throw .outOfMemory }
        if let rule {
            let comment = rule.commentWithDigest
            guard let data = NftComment.userData(comment) else { throw .unstorable("comment", comment) }
            guard nftnl_rule_set_data(handle, UInt16(NFTNL_RULE_USERDATA.rawValue), data, UInt32(data.count)) == 0
            else { throw .outOfMemory }
            for expression in rule.expressions { try NftExpression.make(expression).move(into: handle) }
        }
        appendObject(type, flags) { nftnl_rule_nlmsg_build_payload($0, handle) }
    }
}

// MARK: - Sets, elements, objects

extension NftBatch {
    private mutating func appendSet(_ declaration: Ruleset.SetDeclaration) throws(KernelRefusal) {
        try Self.check(declaration.name, "set name")
        guard let handle = nftnl_set_alloc() else { throw .outOfMemory }
        defer { nftnl_set_free(handle) }
        // Unique within the batch; the kernel asks for it.
        setNumber += 1
        nftnl_set_set_u32(handle, UInt16(NFTNL_SET_ID.rawValue), setNumber)
        nftnl_set_set_u32(handle, UInt16(NFTNL_SET_FAMILY.rawValue), NetfilterNumber.inet)
        nftnl_set_set_u32(handle, UInt16(NFTNL_SET_FLAGS.rawValue), declaration.flags)
        nftnl_set_set_u32(handle, UInt16(NFTNL_SET_KEY_TYPE.rawValue), declaration.keyType)
        nftnl_set_set_u32(handle, UInt16(NFTNL_SET_KEY_LEN.rawValue), UInt32(declaration.keyLength))
        if let (type, length) = declaration.dataType {
            nftnl_set_set_u32(handle, UInt16(NFTNL_SET_DATA_TYPE.rawValue), type)
            nftnl_set_set_u32(handle, UInt16(NFTNL_SET_DATA_LEN.rawValue), length)
        }
        if declaration.timeout > 0 {
            nftnl_set_set_u64(handle, UInt16(NFTNL_SET_TIMEOUT.rawValue), UInt64(declaration.timeout) * 1000)
        }
        let fields = declaration.key.map { UInt8($0.length) }
        let order = declaration.byteOrders
        guard nftnl_set_set_str(handle, UInt16(NFTNL_SET_TABLE.rawValue), table) == 0,
            nftnl_set_set_str(handle, UInt16(NFTNL_SET_NAME.rawValue), declaration.name) == 0,
            fields.count < 2 || !declaration.isInterval
                || nftnl_set_set_data(handle, UInt16(NFTNL_SET_DESC_CONCAT.rawValue), fields, UInt32(fields.count))
                    == 0,
            nftnl_set_set_data(handle, UInt16(NFTNL_SET_USERDATA.rawValue), order, UInt32(order.count)) == 0
        else { throw .outOfMemory }
        appendObject(NFT_MSG_NEWSET, NLM_F_CREATE) { nftnl_set_nlmsg_build_payload($0, handle) }
    }

    private mutating func appendSetDeletion(_ name: String) throws(KernelRefusal) {
        guard let handle = nftnl_set_alloc() else { throw .outOfMemory }
        defer { nftnl_set_free(handle) }
        nftnl_set_set_u32(handle, UInt16(NFTNL_SET_FAMILY.rawValue), NetfilterNumber.inet)
        guard nftnl_set_set_str(handle, UInt16(NFTNL_SET_TABLE.rawValue), table) == 0,
            nftnl_set_set_str(handle, UInt16(NFTNL_SET_NAME.rawValue), name) == 0
        else { throw .outOfMemory }
        appendObject(NFT_MSG_DELSET, 0) { nftnl_set_nlmsg_build_payload($0, handle) }
    }

    /// As many messages as it takes: the kernel counts the length of the list in 16 bits.
    private mutating func appendElements(
        _ type: nf_tables_msg_types,
        _ flags: Int32,
        _ set: Ruleset.SetDeclaration,
        _ elements: Ruleset.Elements
    ) throws(KernelRefusal) {
        var walk = try NftElementWalk(set, elements)
        while !walk.isAtEnd {
            let header = NftElementMessage(
                type: UInt16(type.rawValue),
                flags: UInt16(flags),
                sequence: sequence,
                table: table,
                set: set.name
            )
            header.append(to: &bytes, &walk)
            sequence &+= 1
        }
    }

    private mutating func appendObject(
        _ type: nf_tables_msg_types,
        _ flags: Int32,
        _ object: Ruleset.Object
    ) throws(KernelRefusal) {
        try Self.check(object.name, "object name")
        guard let handle = nftnl_obj_alloc() else { throw .outOfMemory }
        defer { nftnl_obj_free(handle) }
        nftnl_obj_set_u32(handle, UInt16(NFTNL_OBJ_FAMILY), NetfilterNumber.inet)
        nftnl_obj_set_u32(handle, UInt16(NFTNL_OBJ_TYPE), object.kind.number)
        nftnl_obj_set_str(handle, UInt16(NFTNL_OBJ_TABLE), table)
        nftnl_obj_set_str(handle, UInt16(NFTNL_OBJ_NAME), object.name)
        switch object.kind {
        case .counter: break
        case .quota(let bytes, let isOver):
            nftnl_obj_set_u64(handle, UInt16(NFTNL_OBJ_QUOTA_BYTES), bytes)
            nftnl_obj_set_u32(handle, UInt16(NFTNL_OBJ_QUOTA_FLAGS), isOver ? NFT_QUOTA_F_INV.rawValue : 0)
        }
        appendObject(type, flags) { nftnl_obj_nlmsg_build_payload($0, handle) }
    }
}

// MARK: - Messages

extension NftBatch {
    private static func check(_ name: String, _ what: String) throws(KernelRefusal) {
        let units = name.utf8
        guard !units.isEmpty, units.count < nameLimit, !units.contains(0) else { throw .unstorable(what, name) }
    }

    private mutating func appendObject(
        _ type: nf_tables_msg_types,
        _ flags: Int32,
        payload: (UnsafeMutablePointer<nlmsghdr>) -> Void
    ) {
        appendMessage { buffer, sequence in
            let header = nftnl_nlmsg_build_hdr(
                buffer,
                UInt16(type.rawValue),
                UInt16(NetfilterNumber.inet),
                UInt16(flags),
                sequence
            )
            if let header { payload(header) }
            return header
        }
    }

    private mutating func appendMessage(
        _ build: (UnsafeMutablePointer<CChar>, UInt32) -> UnsafeMutablePointer<nlmsghdr>?
    ) {
        guard let header = build(scratch, sequence) else { return }
        let length = Int(header.pointee.nlmsg_len)
        bytes.reserve(length).copyMemory(from: scratch, byteCount: length)
        sequence &+= 1
    }
}

extension KernelRefusal {
    static var outOfMemory: KernelRefusal { KernelRefusal(errno: ENOMEM, words: "no memory for the batch") }

    /// Refused by us, because the kernel or `nft` could not keep the text.
    static func unstorable(_ what: String, _ text: String) -> KernelRefusal {
        KernelRefusal(errno: ENAMETOOLONG, words: "the \(what) “\(text)” is empty, too long or has a NUL inside")
    }
}
