import Forwarding
import Testing

@testable import Kernel

/// What hardware says of routes and next hops, in the kernel's bytes.
@Suite struct OffloadTests {
    /// Header flags and what they mean: `RTM_F_OFFLOAD` 0x4000, `RTM_F_TRAP` 0x8000, `RTM_F_OFFLOAD_FAILED` 0x20000000.
    @Test(
        arguments: [
            ("00000000", []), ("00400000", [.offloaded]), ("00800000", [.trapped]), ("00000020", [.failed]),
            ("00c00000", [.offloaded, .trapped]),
            // RTM_F_CLONED and RTM_F_NOTIFY are about something else.
            ("00030000", []),
        ] as [(String, Offload)]
    )
    func ofARoute(flags: String, meaning: Offload) throws {
        let payload = "02 10 00 00 fe db 00 01 \(flags)  0800 0f00 fe000000  0800 0100 0a010000  0800 0600 4d000000"
        #expect(try read(message(type: 24, hex(payload)), routeOffload) == meaning)
    }

    /// `RTNH_F_OFFLOAD` 8, `RTNH_F_TRAP` 64; `RTNH_F_ONLINK` 4 is ours.
    @Test(
        arguments: [
            ("00000000", []), ("04000000", []), ("08000000", [.offloaded]), ("40000000", [.trapped]),
            ("4c000000", [.offloaded, .trapped]),
        ] as [(String, Offload)]
    )
    func ofANexthop(flags: String, meaning: Offload) throws {
        let payload = "02 00 db 00 \(flags)  0800 0100 09000000"
        #expect(try read(message(type: 104, hex(payload)), nexthopOffload) == meaning)
    }

    @Test func aHeaderThatEndsEarlySaysNothing() throws {
        #expect(try read(message(type: 24, hex("02 10 00 00")), routeOffload) == [])
        #expect(try read(message(type: 104, hex("02 00 db 00")), nexthopOffload) == [])
    }

    private func read(_ bytes: [UInt8], _ flags: (Message, RawSpan) -> Offload) throws -> Offload {
        var messages = MessageCursor()
        let span = bytes.span.bytes
        return flags(try #require(try messages.next(in: span)), span)
    }
}
