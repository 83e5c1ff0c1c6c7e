import Testing

@testable import Kernel

/// A neighbour entry in the kernel's bytes (`struct ndmsg`).
@Suite struct NeighbourEntryTests {
    @Test(
        arguments: [
            ("0100", .incomplete), ("0200", .reachable), ("0400", .stale), ("0800", .delay), ("1000", .probe),
            ("2000", .failed), ("4000", .noarp), ("8000", .permanent), ("0000", .none),
        ] as [(String, Neighbour.State)]
    )
    func itsState(flags: String, state: Neighbour.State) throws {
        let payload = hex("02 00 0000 0b000000 \(flags) 00 01  0800 0100 c0000201  0a00 0200 020000000001 0000")
        let bytes = message(type: 28, payload)
        var messages = MessageCursor()
        let span = bytes.span.bytes
        let neighbour = try Neighbour(try #require(try messages.next(in: span)), in: span)
        #expect(neighbour == Neighbour(state: state, linkAddress: [2, 0, 0, 0, 0, 1]))
    }
}
