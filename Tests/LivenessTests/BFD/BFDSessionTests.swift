/// When a session comes up, how it paces itself, and when it goes down (RFC 5880 §6.8).
import Chance
import NetTypes
import Testing

@testable import Liveness

struct BFDSessionTests {
    @Test func twoEndsComeUpWithinASecondAndTheirPacketsSlowUntilThen() throws {
        var pair = BFDPair(.of(50, 50), .of(50, 50))
        try pair.comeUp(within: .seconds(1))
        #expect(pair.sendings.allSatisfy { $0.packet.state == .up || $0.packet.desiredMinTx >= 1_000_000 })
        #expect(pair.sendings.first?.packet.yourDiscriminator == 0)
        pair.run(.seconds(1))
        #expect(pair.states == [.up, .up])
        #expect(pair.sessions.allSatisfy { $0.detectionTime == .milliseconds(150) && $0.poll == .idle })
        #expect(pair.sessions[0].remote.discriminator == 22)
    }

    @Test func whoHearsNothingSendsOncePerSlowSecond() throws {
        var pair = BFDPair(.of(10, 10), .of(10, 10))
        pair.dead = [.b]
        pair.run(.seconds(60))
        // 75 to 100 % of a second each.
        #expect((60...81).contains(pair.sendings.count))
        #expect(pair.states[0] == .down)
    }

    /// §6.8.7; with a multiplier of 1 the next packet must come before the other end's patience ends.
    @Test(arguments: [(3, 100), (1, 90)])
    func packetsAreSpacedBetweenThreeQuartersAndTheWholeInterval(multiplier: Int, most: Int64) throws {
        var pair = BFDPair(.of(40, 40, multiplier), .of(40, 40, multiplier))
        try pair.comeUp()
        pair.run(.seconds(1))
        let start = pair.sendings.count
        pair.run(.seconds(20))
        let times = pair.sendings[start...].filter { $0.end == .a }.map(\.at)
        let gaps = zip(times, times.dropFirst()).map { ($1 - $0).nanoseconds / 10_000 }
        #expect(gaps.count > 400)
        #expect(gaps.allSatisfy { (3000...most * 40).contains($0) })
        // And spread over the whole room.
        #expect(gaps.min()! < 3050 && gaps.max()! > most * 40 - 50)
    }

    @Test(
        arguments: [
            (.of(50, 50), .of(50, 50), 150, "both the same"),
            (.of(50, 10), .of(30, 80), 90, "the other end sends every 30"),
            (.of(50, 200), .of(10, 10), 600, "we ask it to send no faster than every 200"),
            (.of(50, 10), .of(10, 10, 7), 70, "its multiplier counts, not ours"),
        ] as [(BFDParameters, BFDParameters, Int64, String)]
    )
    func theDetectionTimeIsTheRemoteMultiplierTimesTheSlowerOfBothWishes(
        local: BFDParameters,
        remote: BFDParameters,
        expected: Int64,
        why: String
    ) throws {
        var pair = BFDPair(local, remote)
        try pair.comeUp()
        pair.run(.seconds(3))
        #expect(pair.sessions[0].detectionTime == .milliseconds(expected), "\(why)")
        let killed = pair.now
        pair.dead = [.b]
        pair.run(.seconds(2))
        let fall = pair.changes.last
        #expect(fall?.state == .down)
        #expect(pair.sessions[0].diagnostic == .detectionTimeExpired)
        let took = (fall?.at ?? killed) - killed
        let interval = expected / Int64(remote.multiplier)
        #expect(took <= .milliseconds(expected) && took >= .milliseconds(expected - interval))
    }

    @Test func aDeafEndTellsTheOtherWhichGoesDownAtOnce() throws {
        var pair = BFDPair(.of(50, 50), .of(50, 50))
        try pair.comeUp()
        pair.run(.seconds(1))
        pair.lost = [.a]
        pair.run(.milliseconds(300))
        let falls = pair.changes.filter { $0.state == .down }
        #expect(falls.map(\.end) == [.b, .a])
        #expect(falls[1].at - falls[0].at < .milliseconds(1))
        #expect(pair.sessions.map(\.diagnostic) == [.neighborSignaledDown, .detectionTimeExpired])
        pair.lost = []
        try pair.comeUp(within: .seconds(3))
        #expect(pair.sessions[0].diagnostic == .none)
    }

    @Test func aFasterPaceIsKeptAtOnceAndASlowerOneOnlyWhenAgreed() throws {
        var pair = BFDPair(.of(100, 100), .of(100, 100))
        try pair.comeUp()
        pair.run(.seconds(1))
        pair.act(.a) { $0.configure(.of(20, 100), at: $1, draw: $2) }
        #expect(pair.sessions[0].transmitInterval == .milliseconds(100), "the other end wants no more than that")
        pair.act(.b) { $0.configure(.of(100, 20), at: $1, draw: $2) }
        pair.run(.milliseconds(300))
        #expect(pair.sessions[0].transmitInterval == .milliseconds(20))
        #expect(pair.sessions[1].detectionTime == .milliseconds(60))
        // Slower: not before the answer.
        pair.lost = [.b]
        pair.act(.a) { $0.configure(.of(80, 100), at: $1, draw: $2) }
        #expect(pair.sessions[0].poll == .active)
        #expect(pair.sessions[0].transmitInterval == .milliseconds(20))
        pair.lost = []
        pair.run(.milliseconds(50))
        #expect(pair.sessions[0].poll == .idle)
        #expect(pair.sessions[0].transmitInterval == .milliseconds(80))
        pair.run(.seconds(2))
        #expect(pair.states == [.up, .up])
        #expect(pair.changes.allSatisfy { $0.state != .down })
    }

    @Test func anIntervalMayChangeAtAnyTimeWithoutAFall() throws {
        var rng = SeededGenerator(7)
        var pair = BFDPair(.of(50, 50), .of(50, 50))
        try pair.comeUp()
        for _ in 0..<300 {
            let wish = { (rng: inout SeededGenerator) in Int64.random(in: 10...300, using: &rng) }
            let new = BFDParameters.of(wish(&rng), wish(&rng), Int.random(in: 2...5, using: &rng))
            pair.act(Bool.random(using: &rng) ? .a : .b) { $0.configure(new, at: $1, draw: $2) }
            pair.run(.milliseconds(Int64.random(in: 0...400, using: &rng)))
        }
        #expect(pair.changes.allSatisfy { $0.state != .down })
        pair.run(.seconds(5))
        #expect(pair.sessions.allSatisfy { $0.poll == .idle })
    }

    @Test func aChangeDuringAPollIsPolledForAgain() throws {
        var pair = BFDPair(.of(50, 50), .of(50, 50))
        try pair.comeUp()
        pair.run(.seconds(1))
        pair.lost = [.b]
        pair.act(.a) { $0.configure(.of(60, 50), at: $1, draw: $2) }
        pair.act(.a) { $0.configure(.of(70, 50), at: $1, draw: $2) }
        #expect(pair.sessions[0].poll == .again)
        pair.lost = []
        pair.run(.milliseconds(60))
        #expect(pair.sessions[0].transmitInterval == .milliseconds(50), "the first Final is not enough")
        pair.run(.milliseconds(120))
        #expect(pair.sessions[0].transmitInterval == .milliseconds(70))
    }

    @Test func noPacketHasBothPollAndFinal() throws {
        var pair = BFDPair(.of(50, 50), .of(50, 50))
        for wish in 1...20 {
            pair.act(.a) { $0.configure(.of(Int64(wish) * 11, 50), at: $1, draw: $2) }
            pair.act(.b) { $0.configure(.of(50, Int64(wish) * 13), at: $1, draw: $2) }
            pair.run(.milliseconds(500))
        }
        #expect(pair.sendings.contains { $0.packet.isPoll } && pair.sendings.contains { $0.packet.isFinal })
        #expect(pair.sendings.allSatisfy { !($0.packet.isPoll && $0.packet.isFinal) })
    }

    @Test func aPassiveEndIsSilentUntilSpokenTo() throws {
        var pair = BFDPair(.of(50, 50, isPassive: true), .of(50, 50, isPassive: true))
        pair.run(.seconds(10))
        #expect(pair.sendings.isEmpty)
        var mixed = BFDPair(.of(50, 50, isPassive: true), .of(50, 50))
        try mixed.comeUp(within: .seconds(2))
        #expect(mixed.sendings.first?.end == .b)
    }

    @Test func anAdministrativeEndSaysSoAndTheOtherIsNotToldOfAFailure() throws {
        var pair = BFDPair(.of(50, 50), .of(50, 50))
        try pair.comeUp()
        pair.act(.b) { $0.set(isEnabled: false, at: $1, draw: $2) }
        pair.run(.seconds(2))
        #expect(pair.states == [.down, .adminDown])
        #expect(pair.sessions[0].remote.state == .adminDown)
        #expect(pair.sessions[0].diagnostic == .neighborSignaledDown)
        #expect(pair.sendings.last { $0.end == .b }?.packet.diagnostic == .administrativelyDown)
        pair.act(.b) { $0.set(isEnabled: true, at: $1, draw: $2) }
        try pair.comeUp(within: .seconds(3))
    }

    @Test func aRemoteEndInDemandModeGetsPacketsOnlyWhenThereIsSomethingToSay() throws {
        var session = BFDSession(.of(50, 50), localDiscriminator: 1, at: BFDAuthenticatorTests.start)
        var now = BFDAuthenticatorTests.start
        var packet = BFDPacketTests.packet
        (packet.isPoll, packet.isDemand, packet.yourDiscriminator) = (false, true, 1)
        for state in [BFDState.down, .initializing, .up, .up] {
            packet.state = state
            _ = session.received(packet, at: now, draw: 5)
            now = now + .milliseconds(1)
        }
        #expect(session.state == .up && session.poll == .active)
        #expect(session.sending != nil, "the poll goes on")
        packet.isFinal = true
        _ = session.received(packet, at: now, draw: 5)
        #expect(session.sending == nil)
        #expect(session.deadline != nil, "its packets still have to come")
        (packet.isFinal, packet.isPoll) = (false, true)
        let answer = session.received(packet, at: now, draw: 5)
        guard case .send(let final) = answer.first else {
            Issue.record("no answer to a poll")
            return
        }
        #expect(final.isFinal && answer.count == 1)
        // A poll of our own needs packets again.
        let asked = session.configure(.of(80, 50), at: now, draw: 5)
        #expect(!asked.isEmpty)
        #expect(session.sending != nil)
    }

    @Test func anEndThatWantsNoPacketsGetsNoneButFinals() throws {
        var session = BFDSession(.of(50, 50), localDiscriminator: 1, at: BFDAuthenticatorTests.start)
        var packet = BFDPacketTests.packet
        (packet.state, packet.requiredMinRx, packet.yourDiscriminator) = (.down, 0, 0)
        let answer = session.received(packet, at: BFDAuthenticatorTests.start, draw: 5)
        #expect(session.sending == nil)
        let packets = answer.compactMap { if case .send(let packet) = $0 { packet } else { nil } }
        #expect(packets.count == 1 && packets[0].isFinal)
    }

    @Test func afterSilenceWhatTheOtherEndSaidIsVoid() throws {
        var pair = BFDPair(.of(50, 50), .of(50, 50))
        try pair.comeUp()
        pair.dead = [.b]
        pair.run(.seconds(1))
        #expect(pair.sessions[0].remote == BFDSession.Remote())
        #expect(pair.sendings.last?.packet.yourDiscriminator == 0)
    }
}
