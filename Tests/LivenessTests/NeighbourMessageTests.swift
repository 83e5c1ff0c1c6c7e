/// ARP and neighbour discovery on the wire: what we ask, and which answers are ours.
import NetTypes
import Testing

@testable import Liveness

struct NeighbourMessageTests {
    private static let own = HardwareAddress([2, 0, 0, 0, 0, 1])!
    private static let theirs: [UInt8] = [2, 0, 0, 0, 0, 2]

    private static func arpReply() -> [UInt8] {
        [0, 1, 8, 0, 6, 4, 0, 2] + theirs + [192, 0, 2, 1] + own.bytes + [192, 0, 2, 7]
    }

    @Test func anARPRequestAsksForTheGateway() throws {
        let request = ARPMessage.request(try address("192.0.2.1"), from: Self.own, try address("192.0.2.7"))
        #expect(
            request == [0, 1, 8, 0, 6, 4, 0, 1] + Self.own.bytes + [192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1]
        )
    }

    @Test(
        arguments: [
            (arpReply(), "192.0.2.1", "the answer"), (arpReply() + [0, 0, 0], "192.0.2.1", "padded to a frame"),
            (Array(arpReply().dropLast()), nil, "cut off"), ([], nil, "nothing"),
            (arpReply().enumerated().map { $0 == 7 ? 1 : $1 }, nil, "somebody's request"),
            (arpReply().enumerated().map { $0 == 1 ? 6 : $1 }, nil, "another kind of hardware"),
            (arpReply().enumerated().map { $0 == 23 ? 9 : $1 }, nil, "sent to another's hardware"),
            (arpReply().enumerated().map { $0 == 27 ? 9 : $1 }, nil, "told to another address"),
        ] as [([UInt8], String?, String)]
    )
    func onlyARepliesToUsIsAnAnswer(bytes: [UInt8], answerer: String?, reason: String) throws {
        let found = ARPMessage.answerer(bytes.span.bytes, to: Self.own, try address("192.0.2.7"))
        #expect(found?.description == answerer, "\(reason)")
    }

    @Test func aSolicitationGoesToTheGroupOfItsTarget() throws {
        let target = try address("fe80::12:3456")
        #expect(NeighbourDiscovery.group(of: target) == (try address("ff02::1:ff12:3456")))
        let request = NeighbourDiscovery.request(target, from: Self.own)
        #expect(request == [135, 0, 0, 0, 0, 0, 0, 0] + target.bytes16 + [1, 1] + Self.own.bytes)
    }

    @Test func onlyASolicitedAdvertisementIsAnAnswer() throws {
        let target = try address("fe80::1")
        let answer: [UInt8] = [136, 0, 0, 0, 0xE0, 0, 0, 0] + target.bytes16 + [2, 1] + Self.theirs
        #expect(NeighbourDiscovery.answerer(answer.span.bytes) == target)
        let unsolicited = answer.enumerated().map { $0 == 4 ? 0xA0 : $1 }
        #expect(NeighbourDiscovery.answerer(unsolicited.span.bytes) == nil)
        let question = answer.enumerated().map { $0 == 0 ? 135 : $1 }
        #expect(NeighbourDiscovery.answerer(question.span.bytes) == nil)
        let short = Array(answer.prefix(23))
        #expect(NeighbourDiscovery.answerer(short.span.bytes) == nil)
    }
}
