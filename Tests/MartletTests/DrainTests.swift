/// What a drain says of what is left.
import Control
import NetTypes
import Testing

@testable import martlet

@Suite struct DrainTests {
    private static let reply = AdminReply(member: "wan.cable", admin: "drain", words: "wan.cable takes nothing new")

    @Test(
        arguments: [
            (nil, "wan.cable takes nothing new", "nobody counts"),
            (0, "wan.cable takes nothing new\nno flow is left on it", "none"),
            (1, "wan.cable takes nothing new\n1 flow left; --wait waits for its end", "one"),
            (12, "wan.cable takes nothing new\n12 flows left; --wait waits for their end", "several"),
        ] as [(Int?, String, String)]
    )
    func theCountIsSaid(flows: Int?, text: String, why: String) {
        #expect(DrainReport(Self.reply, flows: flows).text(.plain) == text, "\(why)")
    }

    @Test func progressSaysHowMuchAndHowLong() {
        #expect(
            DrainReport(Self.reply, flows: 3, waited: .seconds(75)).progress == "3 flows left on wan.cable after 1m 15s"
        )
        #expect(
            DrainReport(Self.reply, flows: 0, waited: .seconds(2)).progress == "no flow is left on wan.cable after 2s"
        )
    }
}
