/// How our nftables table is replaced: which messages, in one transaction the kernel keeps as a whole or not at all.
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
    /// `NF_INET_POST_ROUTING`.
    static let postrouting: UInt32 = 4
    /// `NF_ACCEPT`.
    static let accept: UInt32 = 1
}

/// The one chain of the table, and where it hangs.
enum NftPathChain {
    static let name = "paths"
    static let type = "filter"
    static let hook = NetfilterNumber.postrouting
    /// `filter`, as nft names it.
    static let priority: Int32 = 0
    static let policy = NetfilterNumber.accept
}

struct NftBatch: ~Copyable {
    /// Room for the largest message: a rule or table with names and a comment of 128 bytes each stays under 1 KiB.
    private static let messageLimit = 16 << 10
    /// `NFT_TABLE_MAXNAMELEN` with its NUL.
    private static let nameLimit = 256

    private let scratch: UnsafeMutablePointer<CChar>
    /// The batch so far.
    private(set) var bytes: [UInt8] = []
    private var sequence: UInt32

    /// - Parameter sequence: of the first message; the others count up from it.
    init(sequence: UInt32) {
        scratch = .allocate(capacity: Self.messageLimit)
        self.sequence = sequence
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

    /// Removes the table, whether it is there or not, and makes it anew. Throws when a name cannot be stored or memory is out.
    mutating func replace(_ table: MarkTable) throws(KernelRefusal) {
        try remove(table.name)
        try self.table(table.name, NFT_MSG_NEWTABLE, flags: NLM_F_CREATE, comment: Self.comment(table.mask))
        try chain(table.name)
        for path in table.paths { try rule(path, in: table) }
    }

    /// Removes the table, whether it is there or not: a table is made first, which an existing one does not mind.
    mutating func remove(_ name: String) throws(KernelRefusal) {
        guard !name.isEmpty, name.utf8.count < Self.nameLimit else { throw .unstorable("table name", name) }
        try table(name, NFT_MSG_NEWTABLE, flags: NLM_F_CREATE, comment: nil)
        try table(name, NFT_MSG_DELTABLE, flags: 0, comment: nil)
    }

    /// The mask in words, so that a table without paths says it too.
    static func comment(_ mask: MarkMask) -> String { "path marks, mask 0x" + String(mask.bits, radix: 16) }

    private mutating func table(
        _ name: String,
        _ type: nf_tables_msg_types,
        flags: Int32,
        comment: String?
    ) throws(KernelRefusal) {
        guard let table = nftnl_table_alloc() else { throw .outOfMemory }
        defer { nftnl_table_free(table) }
        nftnl_table_set_u32(table, UInt16(NFTNL_TABLE_FAMILY.rawValue), NetfilterNumber.inet)
        guard nftnl_table_set_str(table, UInt16(NFTNL_TABLE_NAME.rawValue), name) == 0 else { throw .outOfMemory }
        if let comment {
            guard let data = NftComment.userData(comment) else { throw .unstorable("comment", comment) }
            nftnl_table_set_data(table, UInt16(NFTNL_TABLE_USERDATA.rawValue), data, UInt32(data.count))
        }
        appendObject(type, flags) { nftnl_table_nlmsg_build_payload($0, table) }
    }

    private mutating func chain(_ table: String) throws(KernelRefusal) {
        guard let chain = nftnl_chain_alloc() else { throw .outOfMemory }
        defer { nftnl_chain_free(chain) }
        nftnl_chain_set_u32(chain, UInt16(NFTNL_CHAIN_FAMILY.rawValue), NetfilterNumber.inet)
        nftnl_chain_set_u32(chain, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue), NftPathChain.hook)
        nftnl_chain_set_s32(chain, UInt16(NFTNL_CHAIN_PRIO.rawValue), NftPathChain.priority)
        nftnl_chain_set_u32(chain, UInt16(NFTNL_CHAIN_POLICY.rawValue), NftPathChain.policy)
        guard nftnl_chain_set_str(chain, UInt16(NFTNL_CHAIN_TABLE.rawValue), table) == 0,
            nftnl_chain_set_str(chain, UInt16(NFTNL_CHAIN_NAME.rawValue), NftPathChain.name) == 0,
            nftnl_chain_set_str(chain, UInt16(NFTNL_CHAIN_TYPE.rawValue), NftPathChain.type) == 0
        else { throw .outOfMemory }
        appendObject(NFT_MSG_NEWCHAIN, NLM_F_CREATE) { nftnl_chain_nlmsg_build_payload($0, chain) }
    }

    private mutating func rule(_ path: MarkTable.Path, in table: MarkTable) throws(KernelRefusal) {
        guard let comment = NftComment.userData(path.name) else { throw .unstorable("path name", path.name) }
        guard let rule = nftnl_rule_alloc() else { throw .outOfMemory }
        defer { nftnl_rule_free(rule) }
        nftnl_rule_set_u32(rule, UInt16(NFTNL_RULE_FAMILY.rawValue), NetfilterNumber.inet)
        guard nftnl_rule_set_str(rule, UInt16(NFTNL_RULE_TABLE.rawValue), table.name) == 0,
            nftnl_rule_set_str(rule, UInt16(NFTNL_RULE_CHAIN.rawValue), NftPathChain.name) == 0,
            nftnl_rule_set_data(rule, UInt16(NFTNL_RULE_USERDATA.rawValue), comment, UInt32(comment.count)) == 0,
            let load = NftExpression.loadMark(), let mask = NftExpression.mask(table.mask),
            let equal = NftExpression.equal(path.mark), let counter = NftExpression.counter()
        else { throw .outOfMemory }
        load.move(into: rule)
        mask.move(into: rule)
        equal.move(into: rule)
        counter.move(into: rule)
        appendObject(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND) { nftnl_rule_nlmsg_build_payload($0, rule) }
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
        bytes += UnsafeRawBufferPointer(start: scratch, count: Int(header.pointee.nlmsg_len))
        sequence &+= 1
    }
}

extension KernelRefusal {
    fileprivate static var outOfMemory: KernelRefusal { KernelRefusal(errno: ENOMEM, words: "no memory for the batch") }

    /// Refused by us, because the kernel or `nft` could not keep the text.
    fileprivate static func unstorable(_ what: String, _ text: String) -> KernelRefusal {
        KernelRefusal(errno: ENAMETOOLONG, words: "the \(what) “\(text)” is empty, too long or has a NUL inside")
    }
}
