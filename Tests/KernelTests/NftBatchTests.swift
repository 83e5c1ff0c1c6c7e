import Forwarding
import NetTypes
import Testing

@testable import Kernel

/// The nftables transaction: its messages in order, its one acknowledgement, its comments.
@Suite struct NftBatchTests {
    static let table = Ruleset(
        name: "martlet",
        chains: [
            Ruleset.Chain(
                "paths",
                hook: Ruleset.Hook(.filter, .postrouting, priority: 0),
                [Ruleset.Rule("a", [.counter]), Ruleset.Rule("b", [.counter])]
            )
        ],
        sets: [
            Ruleset.NamedSet(
                Ruleset.SetDeclaration("office", key: [.address4], isInterval: true),
                .addresses(AddressRanges([IPPrefix.everything(.v4)]))
            )
        ]
    )

    private func batch(_ steps: [RulesetChange.Step], table: String = "martlet") throws -> [Message] {
        var batch = try NftBatch(sequence: 5, table: table)
        for step in steps { try batch.append(step) }
        _ = batch.end()
        return try headers(batch.withBytes { Array($0) })
    }

    private var wholeTable: [RulesetChange.Step] { RulesetChange.from(nil, to: Self.table)?.steps ?? [] }

    @Test func aTableIsMadeInOneBatch() throws {
        let messages = try batch(wholeTable)
        // 0x10 and 0x11 begin and end a batch; 0x0a is nf_tables: 0 new table, 3 chain, 9 set, 12 elements, 6 rule.
        #expect(messages.map(\.type) == [0x10, 0x0A00, 0x0A03, 0x0A09, 0x0A0C, 0x0A06, 0x0A06, 0x11])
        #expect(messages.map(\.sequence) == Array(5...12))
    }

    @Test func onlyTheEndAsksForAnAcknowledgement() throws {
        let asking = try batch(wholeTable).filter { $0.flags & 4 != 0 }
        #expect(asking.map(\.type) == [0x11])
    }

    @Test func aLargeSetTakesSeveralMessages() throws {
        let prefixes = (0..<3000).map { IPPrefix(containing: IPAddress(v4: $0 << 9), length: 24) }
        let set = Ruleset.SetDeclaration("many", key: [.address4], isInterval: true)
        let messages = try batch([.addElements(set, .addresses(AddressRanges(prefixes)))])
        #expect(messages.count > 3 && messages.dropFirst().dropLast().allSatisfy { $0.type == 0x0A0C })
        #expect(messages.map(\.sequence) == (0..<messages.count).map { 5 + UInt32($0) })
    }

    @Test(arguments: ["a\0b"])
    func aNameThatCannotBeACommentRefusesTheWholeBatch(name: String) {
        #expect(throws: KernelRefusal.self) {
            try batch([.addRule(chain: "paths", Ruleset.Rule(name, [.counter]))])
        }
    }

    @Test(arguments: ["", String(repeating: "x", count: 256)])
    func aTableNameTheKernelCannotKeepIsRefused(name: String) {
        #expect(throws: KernelRefusal.self) { try batch([.deleteTable], table: name) }
    }

    @Test func aKeyOfTheWrongLengthIsRefusedBeforeItIsSent() {
        let set = Ruleset.SetDeclaration("ports", key: [.port])
        #expect(throws: KernelRefusal.self) { try batch([.addElements(set, .listed([Ruleset.Element([1])]))]) }
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

    @Test(arguments: [[0, 0], [0, 255], [1, 0], [255, 254]] as [[UInt8]])
    func theNextKeysPredecessorIsTheKey(key: [UInt8]) { #expect(key.successor?.predecessor == key) }

    private func headers(_ bytes: [UInt8]) throws -> [Message] {
        var cursor = MessageCursor()
        var headers: [Message] = []
        let span = bytes.span.bytes
        while let message = try cursor.next(in: span) { headers.append(message) }
        return headers
    }
}
