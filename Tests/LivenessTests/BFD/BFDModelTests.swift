/// Random packets and times against a slow and obvious reading of RFC 5880 §6.8.6 and §6.8.4, variable by variable.
import Chance
import NetTypes
import Testing

@testable import Liveness

struct BFDModelTests {
    /// The variables of §6.8.1 by their names; microseconds.
    struct Model {
        var sessionState = "Down"
        var remoteSessionState = "Down"
        var remoteDiscr: UInt32 = 0
        var localDiag: UInt8 = 0
        var remoteMinRxInterval: UInt64 = 1
        var remoteMinTxInterval: UInt64 = 0
        var remoteDetectMult: UInt64 = 0
        var remoteDemandMode = false
        var requiredMinRxInterval: UInt64
        /// When the last packet that was not discarded came.
        var lastReceived: UInt64?

        static func name(_ state: BFDState) -> String {
            switch state {
            case .adminDown: "AdminDown"
            case .down: "Down"
            case .initializing: "Init"
            case .up: "Up"
            }
        }

        var detectionTime: UInt64 { remoteDetectMult * max(requiredMinRxInterval, remoteMinTxInterval) }

        /// §6.8.4, and §6.8.1 on bfd.RemoteDiscr.
        mutating func pass(to now: UInt64) {
            guard let last = lastReceived, now >= last + detectionTime else { return }
            if sessionState == "Init" || sessionState == "Up" {
                sessionState = "Down"
                localDiag = 1
            }
            remoteDiscr = 0
            remoteSessionState = "Down"
            (remoteMinRxInterval, remoteMinTxInterval, remoteDetectMult) = (1, 0, 0)
            remoteDemandMode = false
            lastReceived = nil
        }

        /// §6.8.6, from "Set bfd.RemoteDiscr" to its end.
        mutating func receive(_ packet: BFDPacket, at now: UInt64) {
            remoteDiscr = packet.myDiscriminator
            remoteSessionState = Self.name(packet.state)
            remoteDemandMode = packet.isDemand
            remoteMinRxInterval = UInt64(packet.requiredMinRx)
            remoteMinTxInterval = UInt64(packet.desiredMinTx)
            remoteDetectMult = UInt64(packet.detectMultiplier)
            if sessionState == "AdminDown" { return }
            if remoteSessionState == "AdminDown" {
                if sessionState != "Down" {
                    localDiag = 3
                    sessionState = "Down"
                }
            } else {
                if sessionState == "Down" {
                    if remoteSessionState == "Down" {
                        sessionState = "Init"
                    } else if remoteSessionState == "Init" {
                        sessionState = "Up"
                        localDiag = 0
                    }
                } else if sessionState == "Init" {
                    if remoteSessionState == "Init" || remoteSessionState == "Up" {
                        sessionState = "Up"
                        localDiag = 0
                    }
                } else {
                    if remoteSessionState == "Down" {
                        localDiag = 3
                        sessionState = "Down"
                    }
                }
            }
            lastReceived = now
        }

        /// §6.8.7: whether periodic packets are due at all, apart from a poll of our own.
        var isPeriodic: Bool {
            if remoteMinRxInterval == 0 { return false }
            return !(remoteDemandMode && sessionState == "Up" && remoteSessionState == "Up")
        }
    }

    static func packet(_ rng: inout SeededGenerator, yours: UInt32) -> BFDPacket {
        let state = BFDState.allCases.randomElement(using: &rng)!
        var packet = BFDPacket(
            diagnostic: BFDDiagnostic(number: UInt8.random(in: 0...31, using: &rng)),
            state: state,
            detectMultiplier: UInt8.random(in: 1...5, using: &rng),
            myDiscriminator: UInt32.random(in: 1...3, using: &rng),
            yourDiscriminator: state == .down && Bool.random(using: &rng) ? 0 : yours,
            desiredMinTx: [0, 10_000, 50_000, 1_000_000].randomElement(using: &rng)!,
            requiredMinRx: [0, 1, 10_000, 50_000, 2_000_000].randomElement(using: &rng)!
        )
        packet.isPoll = Int.random(in: 0..<4, using: &rng) == 0
        packet.isFinal = !packet.isPoll && Int.random(in: 0..<4, using: &rng) == 0
        packet.isDemand = Int.random(in: 0..<4, using: &rng) == 0
        return packet
    }

    @Test(arguments: 1...40)
    func everyRandomHistoryEndsAsTheTextSays(seed: UInt64) {
        var rng = SeededGenerator(seed)
        var now: UInt64 = 1_000_000_000
        var session = BFDSession(.of(50, 50), localDiscriminator: 9, at: Instant(nanoseconds: now * 1000))
        var model = Model(requiredMinRxInterval: 50_000)
        for _ in 0..<500 {
            now += [0, 1000, 20_000, 60_000, 400_000, 6_000_000].randomElement(using: &rng)!
            let instant = Instant(nanoseconds: now * 1000)
            // Every turn the session asked for, as a loop would give them.
            while let wake = session.wake, wake <= instant {
                let at = max(wake, Instant(nanoseconds: 0))
                check(session.turn(at: at, horizon: at, draw: rng.next()), session)
                model.pass(to: at.nanoseconds / 1000)
            }
            model.pass(to: now)
            let packet = Self.packet(&rng, yours: 9)
            let actions = session.received(packet, at: instant, draw: rng.next())
            model.receive(packet, at: now)
            check(actions, session)
            let finals = actions.count { if case .send(let sent) = $0 { sent.isFinal } else { false } }
            #expect(finals == (packet.isPoll ? 1 : 0))
            compare(session, model)
        }
    }

    private func check(_ actions: [BFDSession.Action], _ session: BFDSession) {
        for case .send(let sent) in actions {
            #expect(sent.myDiscriminator == 9 && sent.detectMultiplier == 3 && !sent.isDemand)
            #expect(sent.requiredMinEchoRx == 0 && !(sent.isPoll && sent.isFinal))
            #expect(sent.state == .up || sent.desiredMinTx >= 1_000_000)
            #expect((try? BFDPacket(reading: sent.bytes)) == sent)
        }
    }

    private func compare(_ session: BFDSession, _ model: Model) {
        #expect(Model.name(session.state) == model.sessionState)
        #expect(Model.name(session.remote.state) == model.remoteSessionState)
        #expect(session.remote.discriminator == model.remoteDiscr)
        #expect(session.diagnostic.number == model.localDiag)
        #expect(session.remote.isDemand == model.remoteDemandMode)
        #expect(session.deadline.map { $0.nanoseconds / 1000 } == model.lastReceived.map { $0 + model.detectionTime })
        if session.poll == .idle { #expect((session.sending != nil) == model.isPeriodic) }
    }
}
