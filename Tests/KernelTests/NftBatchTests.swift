import Forwarding
import NetTypes
import Testing

@testable import Kernel

/// The nftables transaction: its messages in order, its one acknowledgement, its comments.
@Suite struct NftBatchTests {
    static let table = MarkTable(
        name: "martlet",
        mask: MarkMask(bits: 0x7F00_0000),
        paths: [
            MarkTable.Path(name: "wan.fiber", mark: Mark(0x0100_0000)),
            MarkTable.Path(name: "wan.cable", mark: Mark(0x0200_0000)),
        ]
    )

    @Test func theTableIsRemovedAndMadeAnewInOneBatch() throws {
        var batch = NftBatch(sequence: 5)
        try batch.replace(Self.table)
        #expect(batch.end() == 12)
        // 0x10 and 0x11 begin and end a batch; 0x0a is nf_tables: 0 new table, 2 delete table, 3 new chain, 6 new rule.
        let types: [UInt16] = [0x10, 0x0A00, 0x0A02, 0x0A00, 0x0A03, 0x0A06, 0x0A06, 0x11]
        #expect(try headers(batch.bytes).map(\.type) == types)
        #expect(try headers(batch.bytes).map(\.sequence) == Array(5...12))
    }

    @Test func onlyTheEndAsksForAnAcknowledgement() throws {
        var batch = NftBatch(sequence: 1)
        try batch.replace(Self.table)
        _ = batch.end()
        let asking = try headers(batch.bytes).filter { $0.flags & 4 != 0 }
        #expect(asking.map(\.type) == [0x11])
    }

    @Test(arguments: [String(repeating: "x", count: 128), "a\0b"])
    func aNameThatCannotBeACommentRefusesTheWholeBatch(name: String) {
        let path = MarkTable.Path(name: name, mark: Mark(0x0100_0000))
        let table = MarkTable(name: "martlet", mask: Self.table.mask, paths: [path])
        #expect(throws: KernelRefusal.self) {
            var batch = NftBatch(sequence: 1)
            try batch.replace(table)
        }
    }

    @Test(arguments: ["", String(repeating: "x", count: 256)])
    func aTableNameTheKernelCannotKeepIsRefused(name: String) {
        #expect(throws: KernelRefusal.self) {
            var batch = NftBatch(sequence: 1)
            try batch.remove(name)
        }
    }

    @Test(arguments: ["", "wan.fiber", String(repeating: "ü", count: 63)])
    func aCommentIsReadAsItWasWritten(text: String) throws {
        let data = try #require(NftComment.userData(text))
        #expect(data.withUnsafeBytes { NftComment.text(in: $0) } == text)
    }

    @Test(arguments: [[], [0], [0, 9, 65], [1, 1, 65], [1, 200, 65, 0]] as [[UInt8]])
    func userDataWithoutAWholeCommentHasNone(data: [UInt8]) {
        #expect(data.withUnsafeBytes { NftComment.text(in: $0) } == nil)
    }

    private func headers(_ bytes: [UInt8]) throws -> [Message] {
        var cursor = MessageCursor()
        var headers: [Message] = []
        let span = bytes.span.bytes
        while let message = try cursor.next(in: span) { headers.append(message) }
        return headers
    }
}
