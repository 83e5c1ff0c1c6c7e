/// What stands in the kernel under the name of our nftables table.
///
/// Chains are read as the digests of their rules, sets with all their elements. What we would not have written makes the table
/// beyond repair, so that it is made anew.
import CNftnl
import CShim
package import Forwarding
import Glibc
package import NetTypes

/// Our table as it was read; nil when there is none.
package struct RulesetReading: Hashable, Sendable, Codable {
    package let state: RulesetState?
}

extension NftSession {
    /// How often a reading is begun anew when the rules change under it.
    private static var attempts: Int { 3 }

    func readRuleset(_ name: String, within limit: Span) throws(NetlinkFailure) -> RulesetReading {
        for _ in 1..<Self.attempts {
            do throws(NetlinkFailure) {
                return try readOnce(name, within: limit)
            } catch .interrupted {
                continue
            } catch .refused(let refusal) where refusal.errno == ENOENT {
                // A set that was there when sets were listed has gone since.
                continue
            } catch {
                throw error
            }
        }
        return try readOnce(name, within: limit)
    }

    private func readOnce(_ name: String, within limit: Span) throws(NetlinkFailure) -> RulesetReading {
        let before = try generation(within: limit)
        var reading = NftTableReading(name: name)
        guard try readTable(&reading, within: limit) else { return RulesetReading(state: nil) }
        try readAll(NFT_MSG_GETCHAIN, &reading, within: limit) {
            reading,
            message,
            bytes throws(MalformedMessage) in try reading.take(chain: message, in: bytes)
        }
        try readAll(NFT_MSG_GETRULE, &reading, within: limit) {
            reading,
            message,
            bytes throws(MalformedMessage) in try reading.take(rule: message, in: bytes)
        }
        try readAll(NFT_MSG_GETSET, &reading, within: limit) {
            reading,
            message,
            bytes throws(MalformedMessage) in try reading.take(set: message, in: bytes)
        }
        try readAll(NFT_MSG_GETOBJ, &reading, within: limit) {
            reading,
            message,
            bytes throws(MalformedMessage) in try reading.take(object: message, in: bytes)
        }
        for declaration in reading.declarations { try readElements(of: declaration, &reading, within: limit) }
        guard try generation(within: limit) == before else { throw .interrupted }
        return RulesetReading(state: reading.state)
    }

    /// The packets and bytes that the table's counters have seen, by their names; empty when there is no such table.
    func readCounters(_ name: String, within limit: Span) throws(NetlinkFailure) -> [String: NftCount] {
        var counts: [String: NftCount] = [:]
        try ask(
            NFT_MSG_GETOBJ,
            flags: NLM_F_DUMP,
            within: limit,
            request: { $0.attribute(1, name) },
            object: { message, bytes throws(MalformedMessage) in
                guard let (object, count) = try NftCount.read(message, table: name, in: bytes) else { return }
                counts[object] = count
            }
        )
        return counts
    }

    private func generation(within limit: Span) throws(NetlinkFailure) -> UInt32 {
        var generation: UInt32 = 0
        try ask(NFT_MSG_GETGEN, flags: NLM_F_ACK, within: limit, request: { _ in }) {
            message,
            bytes throws(MalformedMessage) in
            var attributes = try AttributeCursor(message.payload, after: NftTableReading.headerSize)
            while let attribute = try attributes.next(in: bytes) {
                if attribute.type == UInt16(NFTA_GEN_ID.rawValue) { generation = try bytes.bigEndian(attribute) }
            }
        }
        return generation
    }

    /// False when there is no such table.
    private func readTable(_ reading: inout NftTableReading, within limit: Span) throws(NetlinkFailure) -> Bool {
        let name = reading.name
        var found = reading
        do throws(NetlinkFailure) {
            try ask(
                NFT_MSG_GETTABLE,
                flags: NLM_F_ACK,
                within: limit,
                request: { $0.attribute(UInt16(NFTA_TABLE_NAME.rawValue), name) },
                object: { message, bytes throws(MalformedMessage) in try found.take(table: message, in: bytes) }
            )
        } catch .refused(let refusal) where refusal.errno == ENOENT {
            return false
        } catch {
            throw error
        }
        reading = found
        return true
    }

    /// One dump of the table's objects of a kind. Their table is attribute 1 of all requests and answers.
    private func readAll(
        _ type: nf_tables_msg_types,
        _ reading: inout NftTableReading,
        within limit: Span,
        _ take: (inout NftTableReading, Message, RawSpan) throws(MalformedMessage) -> Void
    ) throws(NetlinkFailure) {
        let name = reading.name
        var found = reading
        try ask(
            type,
            flags: NLM_F_DUMP,
            within: limit,
            request: { $0.attribute(1, name) },
            object: { message, bytes throws(MalformedMessage) in try take(&found, message, bytes) }
        )
        reading = found
    }

    private func readElements(
        of declaration: Ruleset.SetDeclaration,
        _ reading: inout NftTableReading,
        within limit: Span
    ) throws(NetlinkFailure) {
        let name = reading.name
        var elements = NftElementReading(declaration)
        try ask(
            NFT_MSG_GETSETELEM,
            flags: NLM_F_DUMP,
            within: limit,
            request: {
                $0.attribute(UInt16(NFTA_SET_ELEM_LIST_TABLE.rawValue), name)
                $0.attribute(UInt16(NFTA_SET_ELEM_LIST_SET.rawValue), declaration.name)
            },
            object: { message, bytes throws(MalformedMessage) in try elements.take(message, in: bytes) }
        )
        reading.take(elements.elements, of: declaration)
    }
}

/// Packets and bytes.
package struct NftCount: Hashable, Sendable {
    package let packets: UInt64
    package let bytes: UInt64

    /// The counters of our table as they stand, in the network namespace of the calling thread. Throws what keeps them from being read.
    package static func all(
        in table: String,
        within limit: Span = .seconds(2)
    ) throws(NetlinkFailure) -> [String: NftCount] {
        try NftSession().readCounters(table, within: limit)
    }
}

extension NftCount {
    /// Nil for an object that is no counter, or of another table.
    fileprivate static func read(_ message: Message, table: String, in bytes: RawSpan) throws(MalformedMessage)
        -> (name: String, NftCount)?
    {
        var attributes = try AttributeCursor(message.payload, after: NftTableReading.headerSize)
        var name: String?
        var isOurs = false
        var isCounter = false
        var data: Range<Int>?
        while let attribute = try attributes.next(in: bytes) {
            switch UInt32(attribute.type) {
            case NFTA_OBJ_TABLE.rawValue: isOurs = bytes.text(attribute) == table
            case NFTA_OBJ_NAME.rawValue: name = bytes.text(attribute)
            case NFTA_OBJ_TYPE.rawValue: isCounter = try bytes.bigEndian(attribute) == UInt32(NFT_OBJECT_COUNTER)
            case NFTA_OBJ_DATA.rawValue: data = attribute.value
            default: continue
            }
        }
        guard isOurs, isCounter, let name, let data else { return nil }
        var (packets, octets): (UInt64, UInt64) = (0, 0)
        var inner = AttributeCursor(data)
        while let attribute = try inner.next(in: bytes) {
            switch UInt32(attribute.type) {
            case NFTA_COUNTER_PACKETS.rawValue: packets = UInt64(bigEndian: try bytes.number(attribute))
            case NFTA_COUNTER_BYTES.rawValue: octets = UInt64(bigEndian: try bytes.number(attribute))
            default: continue
            }
        }
        return (name, NftCount(packets: packets, bytes: octets))
    }
}

extension RawSpan {
    /// A 32-bit number in network order, as nftables has them.
    func bigEndian(_ attribute: Attribute) throws(MalformedMessage) -> UInt32 {
        UInt32(bigEndian: try number(attribute))
    }

    func octets(_ range: Range<Int>) -> [UInt8] { range.map { load($0, as: UInt8.self) } }
}
