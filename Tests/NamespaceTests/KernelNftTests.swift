import Forwarding
import Foundation
import Glibc
import NetTypes
import Testing

@testable import Kernel

/// Our nftables table in a real kernel, judged by `nft` and by reading back.
@Suite(.enabled(if: isRoot, "needs root: makes network namespaces"))
struct KernelNftTests {
    static let table = MarkTable(
        name: "martlet",
        mask: MarkMask(bits: 0x7F00_0000),
        paths: [
            MarkTable.Path(name: "wan.fiber", mark: Mark(0x0100_0000)),
            MarkTable.Path(name: "wan.cable", mark: Mark(0x0200_0000)),
        ]
    )
    static let strangers = """
        table inet other { chain c { type filter hook input priority 0; counter comment "theirs"; }; }
        table ip martlet { chain paths { counter; }; }

        """

    @Test func theTableIsAsWished() throws {
        try inNewNetwork {
            #expect(try carryOut([.setMarkTable(Self.table)]) == accepted(1))
            let shown = try run("nft list table inet martlet").split(separator: "\n").map { $0.trimmed }
            #expect(
                shown == [
                    "table inet martlet {",
                    "comment \"path marks, mask 0x7f000000\"",
                    "chain paths {",
                    "type filter hook postrouting priority filter; policy accept;",
                    "meta mark & 0x7f000000 == 0x01000000 counter packets 0 bytes 0 comment \"wan.fiber\"",
                    "meta mark & 0x7f000000 == 0x02000000 counter packets 0 bytes 0 comment \"wan.cable\"",
                    "}",
                    "}",
                ]
            )
            #expect(try read() == .present(Self.table))
        }
    }

    @Test func packetsWithTheMarkAreCounted() throws {
        try inNewNetwork {
            #expect(try carryOut([.setMarkTable(Self.table)]) == accepted(1))
            try sendDatagrams(3, of: 10, marked: 0x0200_0001)
            let shown = try run("nft list table inet martlet").split(separator: "\n")
            let cable = try #require(shown.first { $0.contains("wan.cable") })
            #expect(cable.contains("counter packets 3 bytes 114"))
            let fiber = try #require(shown.first { $0.contains("wan.fiber") })
            #expect(fiber.contains("counter packets 0 bytes 0"))
        }
    }

    @Test func strangersTablesAreUntouched() throws {
        try inNewNetwork {
            try run("nft -f -", input: Self.strangers)
            let before = try run("nft list ruleset")
            #expect(try carryOut([.setMarkTable(Self.table)]) == accepted(1))
            #expect(try carryOut([.deleteMarkTable(name: "martlet")]) == accepted(1))
            #expect(try run("nft list ruleset") == before)
        }
    }

    @Test func replacingLeavesNothingOfTheTableBefore() throws {
        let smaller = MarkTable(name: "martlet", mask: MarkMask(bits: 0xFF), paths: [])
        try inNewNetwork {
            let before = try read()
            #expect(before == .absent)
            #expect(try carryOut([.setMarkTable(Self.table), .setMarkTable(smaller)]) == accepted(2))
            #expect(try read() == .present(smaller))
            #expect(try carryOut([.deleteMarkTable(name: "martlet")]) == accepted(1))
            #expect(try read() == .absent)
            // Deleting what is not there is what was wished.
            #expect(try carryOut([.deleteMarkTable(name: "martlet")]) == accepted(1))
        }
    }

    @Test(arguments: [
        "add rule inet martlet paths counter",
        "insert rule inet martlet paths meta mark & 0xff == 0x01 counter comment \"wan.other\"",
        "add rule inet martlet paths meta mark & 0x7f000000 == 0x03000000 counter",
        "add chain inet martlet another",
        "add chain inet martlet paths { policy drop; }",
        "delete table inet martlet\nadd table inet martlet",
    ])
    func whatAStrangerChangedIsForeign(change: String) throws {
        try inNewNetwork {
            #expect(try carryOut([.setMarkTable(Self.table)]) == accepted(1))
            try run("nft -f -", input: change + "\n")
            #expect(try read() == .foreign)
            #expect(try carryOut([.setMarkTable(Self.table)]) == accepted(1))
            #expect(try read() == .present(Self.table))
        }
    }

    @Test func aStrangersDeletionOfARuleIsSeen() throws {
        try inNewNetwork {
            #expect(try carryOut([.setMarkTable(Self.table)]) == accepted(1))
            try run("nft flush chain inet martlet paths")
            #expect(try read() == .present(MarkTable(name: "martlet", mask: Self.table.mask, paths: [])))
        }
    }

    /// A table that another program owns (`NFT_TABLE_F_OWNER`) cannot be touched: the batch fails on its first object.
    @Test func aRefusedBatchKeepsNothing() throws {
        try inNewNetwork {
            let owner = try NftOwner(table: "martlet")
            let outcome = try carryOut([.setMarkTable(Self.table)])
            #expect(outcome == [.refused(KernelRefusal(errno: EPERM, words: ""))])
            #expect(try !run("nft list table inet martlet").contains("chain"))
            owner.end()
            #expect(try carryOut([.setMarkTable(Self.table)]) == accepted(1))
        }
    }

    /// More rules than the default send buffer takes at once.
    @Test func aThousandPathsAreOneBatch() throws {
        let mask = MarkMask(bits: 0xFFFF_0000)
        let paths = (1...2000).map { MarkTable.Path(name: "wan.member-\($0)", mark: mask.mark($0)!) }
        let table = MarkTable(name: "martlet", mask: mask, paths: paths)
        try inNewNetwork {
            let outcomes = try carryOut([.setMarkTable(table)])
            #expect(outcomes == accepted(1))
            #expect(try read() == .present(table))
        }
    }

    /// Sends to a closed port of this host.
    private func sendDatagrams(_ count: Int, of size: Int, marked mark: UInt32) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var mark = mark
        try #require(setsockopt(descriptor, SOL_SOCKET, SO_MARK, &mark, 4) == 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(9).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let payload = [UInt8](repeating: 0, count: size)
        for _ in 0..<count {
            let sent = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, payload, size, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(sent == size)
        }
    }

    private func read() throws -> MarkTableReading {
        try NftSession().readMarkTable("martlet", within: .seconds(5))
    }
}

/// A program that owns a table as long as it runs.
private struct NftOwner {
    private let child: Child

    init(table: String) throws {
        child = try Child(["nft", "-i"])
        child.write("add table inet \(table) { flags owner; }\n")
        for _ in 0..<200 where try !run("nft list tables").contains(table) { usleep(10_000) }
        try #require(try run("nft list tables").contains(table))
    }

    func end() {
        child.closeInput()
        _ = child.readAll()
        _ = child.wait()
    }
}

extension Substring {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
