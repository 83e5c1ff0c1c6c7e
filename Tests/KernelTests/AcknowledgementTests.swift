import Forwarding
import Testing

@testable import Kernel

/// Answers of the kernel: done, refused, refused with words.
@Suite struct AcknowledgementTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let why: String
        let flags: UInt16
        let payload: String
        let refusal: KernelRefusal?

        var testDescription: String { why }
    }

    /// The header of the request that is answered: 60 bytes of RTM_NEWROUTE with sequence number 7.
    static let echo = "3c000000 1800 0505 07000000 00000000"

    static let rows = [
        Row(why: "carried out", flags: 0x100, payload: "00000000" + echo, refusal: nil),
        Row(
            why: "refused without words",
            flags: 0x100,
            payload: "efffffff" + echo,
            refusal: KernelRefusal(errno: 17, words: "")
        ),
        Row(
            why: "words behind a capped echo, after an offset (attribute 2)",
            flags: 0x300,
            payload: "eaffffff" + echo + "0800 0200 1c000000  0c00 0100 4e6f2077 61792000",
            refusal: KernelRefusal(errno: 22, words: "No way ")
        ),
        Row(
            why: "words behind the whole request",
            flags: 0x200,
            payload: "eaffffff" + echo + String(repeating: "00", count: 44) + "0a00 0100 4e6f2077 6100 0000",
            refusal: KernelRefusal(errno: 22, words: "No wa")
        ),
        // The lowest number has no positive counterpart; it must not stop the process.
        Row(
            why: "an errno that cannot be negated",
            flags: 0x100,
            payload: "00000080" + echo,
            refusal: KernelRefusal(errno: .min, words: "")
        ),
    ]

    @Test(arguments: rows) func anAnswerIsThisRefusal(row: Row) throws {
        let bytes = message(type: 2, flags: row.flags, hex(row.payload))
        let answer = try acknowledgement(bytes)
        #expect(answer.sequence == 7)
        #expect(answer.refusal == row.refusal)
    }

    @Test func anEchoThatPromisesMoreThanThereIsIsRefused() {
        let bytes = message(type: 2, flags: 0x200, hex("eaffffff ffffffff 1800 0505 07000000 00000000"))
        #expect(throws: Never.self) { try acknowledgement(Array(message(type: 2, hex("00000000" + Self.echo)))) }
        #expect(throws: MalformedMessage.self) { try acknowledgement(bytes) }
    }

    private func acknowledgement(_ bytes: [UInt8]) throws -> Acknowledgement {
        var messages = MessageCursor()
        let span = bytes.span.bytes
        let message = try #require(try messages.next(in: span))
        return try Acknowledgement(message, in: span)
    }
}
