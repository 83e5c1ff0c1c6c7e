/// How our nftables table is followed: whatever others are announced to have changed in it makes it be read again as a whole.
///
/// What our own lanes change is not even let into the socket: a set of 100,000 elements that is filled is announced element by
/// element.
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
    ///
    /// - Parameter ours: the ports whose changes are our own (`KernelLane.nftablesPort`).
    init(
        table name: String,
        ignoring ours: [UInt32],
        receiveBuffer: Int32,
        answerWithin: Span
    ) throws(NetlinkFailure) {
        self.name = name
        self.answerWithin = answerWithin
        announcements = try .open(.netfilter, receiveBuffer: receiveBuffer)
        guard martlet_netlink_ignore_ports(announcements.descriptor, ours, Int32(ours.count)) == 0 else {
            throw .lastCall("setsockopt")
        }
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

    func read() throws(NetlinkFailure) -> RulesetReading {
        try session.readRuleset(name, within: answerWithin)
    }

    private func isAboutOurTable(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) -> Bool {
        var attributes = try AttributeCursor(message.payload, after: Self.headerSize)
        while let attribute = try attributes.next(in: bytes) {
            if attribute.type == Self.tableAttribute { return bytes.text(attribute) == name }
        }
        return false
    }
}
