/// How our nftables table is followed: whatever is announced about it makes it be read again as a whole.
import CShim
import Forwarding
import Glibc
import NetTypes

/// Not thread-safe: owned by the watcher's thread after it is made.
final class NftWatch {
    /// `NFNLGRP_NFTABLES` of linux/netfilter/nfnetlink.h.
    private static let group: UInt32 = 7
    /// `struct nfgenmsg`.
    private static let headerSize = 4
    /// Tables, chains, rules, sets and elements all carry their table's name as attribute 1 (`NFTA_*_TABLE`, `NFTA_TABLE_NAME`).
    private static let tableAttribute: UInt16 = 1

    private let name: String
    private let answerWithin: Span
    private let announcements: NetlinkSocket
    private let session: NftSession

    var descriptor: Int32 { announcements.descriptor }

    /// Opens both sockets in the network namespace of the calling thread and subscribes. Needs CAP_NET_ADMIN.
    init(table name: String, receiveBuffer: Int32, answerWithin: Span) throws(NetlinkFailure) {
        self.name = name
        self.answerWithin = answerWithin
        announcements = try .open(.netfilter, receiveBuffer: receiveBuffer)
        try announcements.join(Self.group)
        session = try NftSession()
    }

    /// Takes all announcements there are. True when one of them is about our table.
    func drain() throws(NetlinkFailure) -> Bool {
        var concernsUs = false
        while true {
            do throws(NetlinkFailure) {
                try announcements.receive(until: .passed) { message, bytes throws(MalformedMessage) in
                    if try isAboutOurTable(message, in: bytes) { concernsUs = true }
                }
            } catch .deadline {
                return concernsUs
            } catch {
                throw error
            }
        }
    }

    func read() throws(NetlinkFailure) -> MarkTableReading {
        try session.readMarkTable(name, within: answerWithin)
    }

    private func isAboutOurTable(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) -> Bool {
        var attributes = try AttributeCursor(message.payload, after: Self.headerSize)
        while let attribute = try attributes.next(in: bytes) {
            if attribute.type == Self.tableAttribute { return bytes.text(attribute) == name }
        }
        return false
    }
}
