/// What stands in the kernel under the name of our nftables table, and whether it is what we would have written.
import CNftnl
import CShim
package import Forwarding
import Glibc
import NetTypes

/// Our table as it was read.
package enum MarkTableReading: Hashable, Sendable, Codable {
    case absent
    /// A table of this name is there, but it or something in it is not as we write it: equal to no wish.
    case foreign
    case present(MarkTable)

    /// The table, where it is one of ours.
    package var table: MarkTable? {
        if case .present(let table) = self { table } else { nil }
    }
}

extension NftSession {
    /// How often a reading is begun anew when the rules change under it.
    private static var attempts: Int { 3 }

    func readMarkTable(_ name: String, within limit: Span) throws(NetlinkFailure) -> MarkTableReading {
        for _ in 1..<Self.attempts {
            do throws(NetlinkFailure) {
                return try readOnce(name, within: limit)
            } catch .interrupted {
                continue
            } catch {
                throw error
            }
        }
        return try readOnce(name, within: limit)
    }

    private func readOnce(_ name: String, within limit: Span) throws(NetlinkFailure) -> MarkTableReading {
        guard let comment = try tableComment(name, within: limit) else { return .absent }
        guard let mask = Self.mask(inComment: comment), try isOnlyOurChain(in: name, within: limit) else {
            return .foreign
        }
        return try rules(of: name, mask, within: limit)
    }

    /// The table's comment, empty if it has none; nil when there is no such table.
    private func tableComment(_ name: String, within limit: Span) throws(NetlinkFailure) -> String? {
        guard let request = nftnl_table_alloc(), let reading = nftnl_table_alloc() else { return nil }
        defer {
            nftnl_table_free(request)
            nftnl_table_free(reading)
        }
        nftnl_table_set_u32(request, UInt16(NFTNL_TABLE_FAMILY.rawValue), NetfilterNumber.inet)
        nftnl_table_set_str(request, UInt16(NFTNL_TABLE_NAME.rawValue), name)
        var comment = ""
        do throws(NetlinkFailure) {
            try ask(
                NFT_MSG_GETTABLE,
                flags: NLM_F_ACK,
                within: limit,
                payload: { nftnl_table_nlmsg_build_payload($0, request) },
                object: { header in
                    guard nftnl_table_nlmsg_parse(header, reading) == 0 else { return }
                    var size: UInt32 = 0
                    let data = nftnl_table_get_data(reading, UInt16(NFTNL_TABLE_USERDATA.rawValue), &size)
                    let userData = UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : Int(size))
                    comment = NftComment.text(in: userData) ?? ""
                }
            )
        } catch .refused(let refusal) where refusal.errno == ENOENT {
            return nil
        } catch {
            throw error
        }
        return comment
    }

    private static func mask(inComment comment: String) -> MarkMask? {
        guard let digits = comment.split(separator: "x").last, let bits = UInt32(digits, radix: 16) else { return nil }
        let mask = MarkMask(bits: bits)
        return NftBatch.comment(mask) == comment ? mask : nil
    }

    /// Whether the table has the one chain we make, hung where we hang it.
    private func isOnlyOurChain(in table: String, within limit: Span) throws(NetlinkFailure) -> Bool {
        var ours = 0
        var strange = 0
        // The kernel has no filter by table for chains.
        try ask(NFT_MSG_GETCHAIN, flags: NLM_F_DUMP, within: limit, payload: { _ in }) { header in
            guard let read = nftnl_chain_alloc() else { return }
            defer { nftnl_chain_free(read) }
            guard nftnl_chain_nlmsg_parse(header, read) == 0, Self.text(read, NFTNL_CHAIN_TABLE) == table else {
                return
            }
            if Self.isOurChain(read) { ours += 1 } else { strange += 1 }
        }
        return ours == 1 && strange == 0
    }

    private static func isOurChain(_ chain: OpaquePointer) -> Bool {
        text(chain, NFTNL_CHAIN_NAME) == NftPathChain.name && text(chain, NFTNL_CHAIN_TYPE) == NftPathChain.type
            && nftnl_chain_get_u32(chain, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue)) == NftPathChain.hook
            && nftnl_chain_get_s32(chain, UInt16(NFTNL_CHAIN_PRIO.rawValue)) == NftPathChain.priority
            && nftnl_chain_get_u32(chain, UInt16(NFTNL_CHAIN_POLICY.rawValue)) == NftPathChain.policy
    }

    private static func text(_ chain: OpaquePointer, _ attribute: nftnl_chain_attr) -> String? {
        nftnl_chain_get_str(chain, UInt16(attribute.rawValue)).map { String(cString: $0) }
    }

    private func rules(of table: String, _ mask: MarkMask, within limit: Span) throws(NetlinkFailure)
        -> MarkTableReading
    {
        guard let request = nftnl_rule_alloc() else { return .foreign }
        defer { nftnl_rule_free(request) }
        nftnl_rule_set_u32(request, UInt16(NFTNL_RULE_FAMILY.rawValue), NetfilterNumber.inet)
        nftnl_rule_set_str(request, UInt16(NFTNL_RULE_TABLE.rawValue), table)
        var paths: [MarkTable.Path] = []
        var isForeign = false
        try ask(
            NFT_MSG_GETRULE,
            flags: NLM_F_DUMP,
            within: limit,
            payload: { nftnl_rule_nlmsg_build_payload($0, request) },
            object: { header in
                if let path = Self.path(header, mask) { paths.append(path) } else { isForeign = true }
            }
        )
        return isForeign ? .foreign : .present(MarkTable(name: table, mask: mask, paths: paths))
    }

    /// The path a rule counts, or nil when it is no rule of ours.
    private static func path(_ header: UnsafePointer<nlmsghdr>, _ mask: MarkMask) -> MarkTable.Path? {
        guard let rule = nftnl_rule_alloc() else { return nil }
        defer { nftnl_rule_free(rule) }
        var size: UInt32 = 0
        guard nftnl_rule_nlmsg_parse(header, rule) == 0,
            let match = NftPathMatch(rule: rule), match.mask == mask.bits,
            let data = nftnl_rule_get_data(rule, UInt16(NFTNL_RULE_USERDATA.rawValue), &size),
            let name = NftComment.text(in: UnsafeRawBufferPointer(start: data, count: Int(size)))
        else { return nil }
        return MarkTable.Path(name: name, mark: Mark(match.mark))
    }
}
