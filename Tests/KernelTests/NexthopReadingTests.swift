import Forwarding
import NetTypes
import Testing

@testable import Kernel

/// Next-hop objects as they are read back: what was sent comes out again, and groups learn their family.
@Suite struct NexthopReadingTests {
    static let objects = [
        nexthop(1, .v4, .via(gateway: IPAddress("10.0.0.1"), interface: 3, onlink: true)),
        nexthop(2, .v6, .via(gateway: IPAddress("fe80::1"), interface: 3, onlink: false)),
        nexthop(3, .v6, .via(gateway: nil, interface: 4, onlink: false)),
        nexthop(4, .v6, .blackhole),
    ]

    @Test(arguments: objects) func whatIsSentIsWhatIsRead(object: Nexthop) throws {
        #expect(try reports(encoded(.setNexthop(object))!) == [.nexthop(object)])
    }

    @Test func aGroupHasTheFamilyOfItsMembers() throws {
        let group = nexthop(9, .v6, .group([member(2, 3), member(3, 65_536)]))
        let bytes = (Self.objects + [group]).flatMap { encoded(.setNexthop($0))! }
        #expect(try reports(bytes).last == .nexthop(group))
    }

    @Test func aGroupWithALowerIdThanItsMembersWaitsForTheDumpsEnd() throws {
        let group = nexthop(1, .v6, .group([member(2, 1)]))
        let lone = Self.objects[1]
        let bytes = [group, lone].flatMap { encoded(.setNexthop($0))! }
        #expect(try reports(bytes) == [.nexthop(lone), .nexthop(group)])
    }

    @Test func aDeletedObjectIsGoneAndItsFamilyForgotten() throws {
        let lone = Self.objects[1]
        let group = nexthop(9, .v4, .group([member(2, 1)]))
        let deletion = message(type: 105, hex("00 00 00 00 00000000 0800 0100 02000000"))
        let bytes = encoded(.setNexthop(lone))! + deletion + encoded(.setNexthop(group))!
        #expect(try reports(bytes) == [.nexthop(lone), .nexthopGone(NexthopID(2)), .nexthop(group)])
    }

    @Test func aGroupCutInsideAnEntryHasOnlyItsWholeEntries() throws {
        let payload = hex("00 00 db 00 00000000  0800 0100 09000000  1000 0200  01000000 02 00 0000  02000000")
        #expect(try reports(message(type: 104, payload)) == [.nexthop(nexthop(9, .v4, .group([member(1, 3)])))])
    }
}
