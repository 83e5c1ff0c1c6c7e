/// Which session a packet is taken for, and what members are told.
import NetTypes
import PolicyEngine
import Testing

@testable import Liveness

struct BFDTableTests {
    static let start = Instant(nanoseconds: 1_000_000_000_000)
    static let peer = IPAddress(v4: 0xCB00_7101)

    static func subject(
        _ members: [String] = ["wan.fiber"],
        device: String? = "eth0",
        peer: IPAddress = Self.peer,
        parameters: BFDParameters = .of(50, 50),
        authentication: BFDAuthenticationPlan? = nil,
        upAfter: Span = .zero
    ) -> BFDSubject {
        BFDSubject(
            members: members,
            scope: .v4,
            device: device,
            peer: peer,
            parameters: parameters,
            authentication: authentication,
            upAfter: upAfter
        )
    }

    /// A table with a peer that answers as told.
    struct Stage {
        var table = BFDTable(chance: KeyedHash(key0: 1, key1: 2))
        var now = BFDTableTests.start
        var reports: [BFDReport] = []
        /// The peer's own session with what it got.
        var remote: BFDSession
        var isHeard = true

        init(_ orders: [BFDTable.Order], peer: BFDParameters = .of(50, 50)) {
            remote = BFDSession(peer, localDiscriminator: 77, at: now)
            deliver(table.configure(orders, at: now))
            collect()
        }

        /// Lets time pass in steps of a millisecond.
        mutating func run(_ span: Span) {
            let end = now + span
            while now < end {
                now = now + .milliseconds(1)
                if isHeard, remote.wake.map({ $0 <= now }) ?? false {
                    answer(remote.turn(at: now, horizon: now, draw: now.nanoseconds))
                }
                if table.nextWake.map({ $0 <= now }) ?? false { deliver(table.due(at: now, horizon: now)) }
                collect()
            }
        }

        mutating func deliver(_ messages: [BFDTable.Message]) {
            for message in messages where isHeard {
                guard let packet = try? BFDPacket(reading: message.bytes) else { continue }
                answer(remote.received(packet, at: now, draw: now.nanoseconds))
            }
        }

        mutating func answer(_ actions: [BFDSession.Action]) {
            for case .send(let packet) in actions {
                deliver(table.received(packet.bytes.span.bytes, from: BFDTableTests.peer, on: "eth0", at: now))
            }
        }

        mutating func collect() { reports += table.reports(at: now) }

        var signals: [Signal] { reports.compactMap(\.signal) }
    }

    @Test func membersAreUpWhenTheSessionIsAndDownWithTheCause() throws {
        var stage = Stage([.init(Self.subject(["wan.fiber", "backup.fiber"]), key: nil)])
        stage.run(.seconds(2))
        #expect(stage.signals == [.success])
        stage.isHeard = false
        stage.run(.seconds(1))
        #expect(stage.signals == [.success, .failure(.bfdTimeout)])
        let fall = try #require(stage.reports.last { $0.signal != nil })
        #expect(fall.members == ["wan.fiber", "backup.fiber"])
        #expect(fall.session.falls == 1 && fall.session.diagnostic == .detectionTimeExpired)
        stage.isHeard = true
        stage.run(.seconds(3))
        #expect(stage.signals.last == .success)
    }

    @Test func aPeerThatNeverAnswersIsAFailureAfterThreeSlowPackets() {
        var stage = Stage([.init(Self.subject(), key: nil)])
        stage.isHeard = false
        stage.run(.milliseconds(2990))
        #expect(stage.signals == [])
        stage.run(.milliseconds(20))
        #expect(stage.signals == [.failure(.bfdNoAnswer)])
    }

    @Test func aPeerThatItsOperatorTookOutIsNoFailure() {
        var stage = Stage([.init(Self.subject(), key: nil)])
        stage.run(.seconds(2))
        stage.answer(stage.remote.set(isEnabled: false, at: stage.now, draw: 3))
        stage.collect()
        #expect(stage.signals.last == .unmeasured(.bfdAdminDown))
        // It leaves, and its silence is no news.
        stage.isHeard = false
        stage.run(.seconds(20))
        #expect(stage.signals == [.success, .unmeasured(.bfdAdminDown)])
        stage.isHeard = true
        stage.answer(stage.remote.set(isEnabled: true, at: stage.now, draw: 3))
        stage.run(.seconds(3))
        #expect(stage.signals.last == .success)
    }

    @Test func theWayBackIsHeldUpAsLongAsTheFileSays() {
        var stage = Stage([.init(Self.subject(upAfter: .seconds(5)), key: nil)])
        stage.run(.seconds(2))
        #expect(stage.signals == [.success], "the first time nothing is held up")
        stage.isHeard = false
        stage.run(.seconds(1))
        stage.isHeard = true
        stage.run(.seconds(5))
        #expect(stage.signals.count == 2)
        stage.run(.seconds(3))
        #expect(stage.signals.last == .success)
    }

    @Test func aSessionWhoseParametersChangeGoesOn() {
        var stage = Stage([.init(Self.subject(), key: nil)])
        stage.run(.seconds(2))
        let before = stage.table.session(0)?.localDiscriminator
        stage.deliver(stage.table.configure([.init(Self.subject(parameters: .of(20, 100)), key: nil)], at: stage.now))
        stage.run(.seconds(1))
        #expect(stage.table.session(0)?.localDiscriminator == before)
        #expect(stage.signals == [.success])
        #expect(stage.table.session(0)?.detectionTime == .milliseconds(300))
        // A member that joins is told how the session is.
        let joined = Self.subject(["wan.fiber", "backup.fiber"], parameters: .of(20, 100))
        stage.deliver(stage.table.configure([.init(joined, key: nil)], at: stage.now))
        stage.collect()
        #expect(stage.reports.last?.signal == .success && stage.reports.last?.members.count == 2)
    }

    @Test func aSessionThatIsNotWantedAnyMoreSaysAdminDownAndGoes() {
        var stage = Stage([.init(Self.subject(), key: nil)])
        stage.run(.seconds(2))
        stage.deliver(stage.table.configure([], at: stage.now))
        #expect(stage.remote.remote.state == .adminDown && stage.remote.state == .down)
        stage.run(.seconds(2))
        #expect(stage.table.count == 0 && stage.table.nextWake == nil)
    }

    @Test func whoLeavesSaysSoAsOftenAsThePeerMayMiss() {
        var stage = Stage([.init(Self.subject(), key: nil)])
        stage.run(.seconds(2))
        let goodbyes = stage.table.leave(at: stage.now).compactMap { try? BFDPacket(reading: $0.bytes) }
        #expect(goodbyes.count == 3)
        #expect(goodbyes.allSatisfy { $0.state == .adminDown && $0.diagnostic == .administrativelyDown })
    }

    @Test func whatComesByAnotherDeviceIsNobodys() {
        var table = BFDTable(chance: KeyedHash(key0: 1, key1: 2))
        _ = table.configure([.init(Self.subject(), key: nil)], at: Self.start)
        var packet = BFDPacketTests.packet
        (packet.state, packet.yourDiscriminator, packet.isPoll) = (.down, 0, false)
        let yours = table.session(0)?.localDiscriminator ?? 0
        for (device, source, yours, isTaken) in [
            ("eth1", Self.peer, UInt32(0), false), ("eth1", Self.peer, yours, false),
            ("eth0", IPAddress(v4: 1), 0, false), ("eth0", Self.peer, yours &+ 1, false),
            // §6.3: with the discriminator the source may be another.
            ("eth0", IPAddress(v4: 1), yours, true), ("eth0", Self.peer, 0, true),
        ] {
            packet.yourDiscriminator = yours
            let strays = table.strays
            _ = table.received(packet.bytes.span.bytes, from: source, on: device, at: Self.start)
            #expect((table.strays == strays) == isTaken, "\(device) \(source) \(yours)")
        }
    }

    @Test func aSessionWithoutItsKeyIsDownAndSilentUntilTheKeyIsThere() throws {
        let plan = BFDAuthenticationPlan(type: .keyedSHA1, keyID: 1, key: .credential("k"))
        let subject = Self.subject(authentication: plan)
        var table = BFDTable(chance: KeyedHash(key0: 1, key1: 2))
        let spoken = table.configure([.init(subject, key: nil)], at: Self.start)
        #expect(spoken.isEmpty)
        let told = table.reports(at: Self.start).map(\.signal)
        #expect(told == [.failure(.bfdNoKey)])
        let due = table.due(at: Self.start + .seconds(5), horizon: Self.start + .seconds(5))
        #expect(due.isEmpty)
        let key = try #require(BFDKey(.keyedSHA1, keyID: 1, secret: [1]))
        _ = table.configure([.init(subject, key: key)], at: Self.start + .seconds(6))
        let now = Self.start + .seconds(7)
        let messages = table.due(at: now, horizon: now)
        #expect(messages.count == 1)
        #expect(try BFDPacket(reading: messages[0].bytes).authentication?.type == .keyedSHA1)
        // And a packet without the key is not listened to.
        var packet = BFDPacketTests.packet
        (packet.state, packet.yourDiscriminator, packet.isPoll) = (.down, 0, false)
        let answers = table.received(packet.bytes.span.bytes, from: Self.peer, on: "eth0", at: now)
        #expect(answers.isEmpty)
        #expect(table.session(0)?.state == .down && table.strays == 0)
    }

    @Test func everySessionReportsFromTimeToTime() {
        var stage = Stage([.init(Self.subject(), key: nil)])
        stage.run(.seconds(9))
        let count = stage.reports.count
        stage.run(.seconds(20))
        #expect(stage.reports.count == count + 2)
        let last = stage.reports.last?.session
        #expect(last?.longestGap ?? .zero > .milliseconds(37))
        #expect(last?.longestGap ?? .zero < .milliseconds(60))
        #expect(last?.jitter ?? .zero > .zero)
        #expect(last?.received ?? 0 > 100)
    }

    @Test func aThousandSessionsNeverShareADiscriminator() {
        var table = BFDTable(chance: KeyedHash(key0: 1, key1: 2))
        let orders = (0..<1000).map { BFDTable.Order(Self.subject(peer: IPAddress(v4: $0 + 1)), key: nil) }
        _ = table.configure(orders, at: Self.start)
        let all = (0..<1000).compactMap { table.session($0)?.localDiscriminator }
        #expect(Set(all).count == 1000 && !all.contains(0))
    }
}
