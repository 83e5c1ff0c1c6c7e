import Glibc
import LabText

/// What does one rtnetlink notification say? Decoded by hand from linux/netlink.h, rtnetlink.h and nexthop.h: the judge does not use
/// the product's decoder.
struct Announcement {
    var type: String
    /// The netlink port of the process that caused it; 0 when the kernel did it by itself.
    var cause: UInt32
    private var details: [JSON.Member] = []

    /// The notifications in one datagram.
    static func all(in datagram: ArraySlice<UInt8>) -> [Announcement] {
        var found: [Announcement] = []
        var rest = datagram
        // struct nlmsghdr: length 4, type 2, flags 2, sequence 4, port 4.
        while let length = rest.loadUInt32(0), length >= 16, Int(length) <= rest.count {
            let message = rest.prefix(Int(length))
            found.append(Announcement(message))
            rest = rest.dropFirst((Int(length) + 3) & ~3)
        }
        return found
    }

    private init(_ message: ArraySlice<UInt8>) {
        let number = message.loadUInt16(4) ?? 0
        cause = message.loadUInt32(12) ?? 0
        let body = message.dropFirst(16)
        switch number {
        case 16, 17: (type, details) = (number == 16 ? "new-link" : "del-link", Announcement.link(body))
        case 24, 25: (type, details) = (number == 24 ? "new-route" : "del-route", Announcement.route(body))
        case 32, 33: (type, details) = (number == 32 ? "new-rule" : "del-rule", Announcement.rule(body))
        case 104, 105: (type, details) = (number == 104 ? "new-nexthop" : "del-nexthop", Announcement.nexthop(body))
        case 116, 117: (type, details) = (number == 116 ? "new-bucket" : "del-bucket", [])
        default: type = "type-\(number)"
        }
    }

    func json(at moment: Moment) -> JSON {
        .object(
            [
                JSON.Member("event", "message"), JSON.Member("at_ns", .integer(moment.nanoseconds)),
                JSON.Member("type", .string(type)), JSON.Member("port", .integer(Int(cause))),
            ] + details
        )
    }

    /// struct ifinfomsg, 16 bytes; IFLA_IFNAME is 3.
    private static func link(_ body: ArraySlice<UInt8>) -> [JSON.Member] {
        let flags = body.loadUInt32(8) ?? 0
        let name = attributes(body.dropFirst(16))[3].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return [
            JSON.Member("index", .integer(Int(body.loadUInt32(4) ?? 0))),
            JSON.Member("name", name.map { .string($0) } ?? nil),
            JSON.Member("up", .bool(flags & 0x1 != 0)),  // IFF_UP
            JSON.Member("carrier", .bool(flags & 0x1_0000 != 0)),  // IFF_LOWER_UP
        ]
    }

    /// struct rtmsg, 12 bytes; RTA_DST 1, RTA_TABLE 15, RTA_NH_ID 30.
    private static func route(_ body: ArraySlice<UInt8>) -> [JSON.Member] {
        let found = attributes(body.dropFirst(12))
        let table = found[15]?.loadUInt32(0).map(Int.init) ?? Int(body.byte(4))
        return [
            family(body.byte(0)),
            JSON.Member("dst", .string(prefix(found[1], family: body.byte(0), length: body.byte(1)))),
            JSON.Member("table", .integer(table)), JSON.Member("protocol", .integer(Int(body.byte(5)))),
            JSON.Member("nhid", found[30]?.loadUInt32(0).map { .integer(Int($0)) } ?? nil),
        ]
    }

    /// struct fib_rule_hdr, 12 bytes; FRA_PRIORITY 6, FRA_TABLE 15.
    private static func rule(_ body: ArraySlice<UInt8>) -> [JSON.Member] {
        let found = attributes(body.dropFirst(12))
        let table = found[15]?.loadUInt32(0).map(Int.init) ?? Int(body.byte(4))
        return [
            family(body.byte(0)),
            JSON.Member("preference", .integer(Int(found[6]?.loadUInt32(0) ?? 0))),
            JSON.Member("table", .integer(table)),
        ]
    }

    /// struct nhmsg, 8 bytes; NHA_ID 1, NHA_GROUP 2 (struct nexthop_grp, 8 bytes a member).
    private static func nexthop(_ body: ArraySlice<UInt8>) -> [JSON.Member] {
        let found = attributes(body.dropFirst(8))
        let id = Int(found[1]?.loadUInt32(0) ?? 0)
        var members = [family(body.byte(0)), JSON.Member("id", .integer(id))]
        members.append(JSON.Member("protocol", .integer(Int(body.byte(2)))))
        if let group = found[2] {
            let ids = stride(from: 0, to: group.count, by: 8).compactMap { group.loadUInt32($0) }
            members.append(JSON.Member("group", .array(ids.map { .integer(Int($0)) })))
        }
        return members
    }

    private static func family(_ number: UInt8) -> JSON.Member {
        switch CInt(number) {
        case AF_INET: JSON.Member("family", "v4")
        case AF_INET6: JSON.Member("family", "v6")
        default: JSON.Member("family", .integer(Int(number)))
        }
    }

    private static func prefix(_ address: ArraySlice<UInt8>?, family: UInt8, length: UInt8) -> String {
        guard let address else { return "default" }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let known = inet_ntop(CInt(family), Array(address), &text, socklen_t(text.count)) != nil
        return (known ? text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } : "?") + "/\(length)"
    }

    /// The payloads by attribute type; the two top bits of a type are flags.
    private static func attributes(_ bytes: ArraySlice<UInt8>) -> [UInt16: ArraySlice<UInt8>] {
        var found: [UInt16: ArraySlice<UInt8>] = [:]
        var rest = bytes
        while let length = rest.loadUInt16(0), length >= 4, Int(length) <= rest.count, let type = rest.loadUInt16(2) {
            found[type & 0x3FFF] = rest.prefix(Int(length)).dropFirst(4)
            rest = rest.dropFirst((Int(length) + 3) & ~3)
        }
        return found
    }
}

extension ArraySlice<UInt8> {
    /// The byte at `offset` from the slice's start, 0 beyond its end.
    fileprivate func byte(_ offset: Int) -> UInt8 {
        offset < count ? self[startIndex + offset] : 0
    }

    /// Two bytes in the host's order, nil beyond the end.
    fileprivate func loadUInt16(_ offset: Int) -> UInt16? {
        guard offset + 2 <= count else { return nil }
        return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self) }
    }

    /// Four bytes in the host's order, nil beyond the end.
    fileprivate func loadUInt32(_ offset: Int) -> UInt32? {
        guard offset + 4 <= count else { return nil }
        return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }
}
