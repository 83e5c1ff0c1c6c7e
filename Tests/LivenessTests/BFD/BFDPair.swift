/// Two sessions on a link, with a clock that the test moves.
import Chance
import NetTypes
import Testing

@testable import Liveness

struct BFDPair {
    enum End: Int {
        case a = 0
        case b = 1

        var other: End { self == .a ? .b : .a }
    }

    struct Change: Equatable {
        let at: Instant
        let end: End
        let state: BFDState
    }

    /// A packet that left.
    struct Sending {
        let at: Instant
        let end: End
        let packet: BFDPacket
    }

    private(set) var now = Instant(nanoseconds: 1_000_000_000_000)
    var sessions: [BFDSession]
    private(set) var changes: [Change] = []
    private(set) var sendings: [Sending] = []
    /// Packets from this end are lost.
    var lost: Set<End> = []
    /// This end is gone: it gets no turn and hears nothing.
    var dead: Set<End> = []
    private var rng: SeededGenerator
    private let delay = Span(nanoseconds: 100_000)

    init(_ a: BFDParameters, _ b: BFDParameters, seed: UInt64 = 1) {
        sessions = [
            BFDSession(a, localDiscriminator: 11, at: now), BFDSession(b, localDiscriminator: 22, at: now),
        ]
        rng = SeededGenerator(seed)
    }

    var states: [BFDState] { sessions.map(\.state) }

    /// Lets time pass: every session has its turn when it asks for it.
    mutating func run(_ span: Span) {
        let end = now + span
        while let (who, wake) = next, wake <= end {
            now = max(now, wake)
            act(who) { $0.turn(at: $1, horizon: $1, draw: $2) }
        }
        now = end
    }

    /// Runs until both are up, which must be within the time.
    mutating func comeUp(within limit: Span = .seconds(10)) throws {
        let end = now + limit
        while states != [.up, .up], now < end { run(.milliseconds(1)) }
        try #require(states == [.up, .up])
    }

    private var next: (End, Instant)? {
        [End.a, .b].filter { !dead.contains($0) }.compactMap { end in sessions[end.rawValue].wake.map { (end, $0) } }
            .min { $0.1 < $1.1 }
    }

    mutating func act(_ end: End, _ body: (inout BFDSession, Instant, UInt64) -> [BFDSession.Action]) {
        for action in body(&sessions[end.rawValue], now, rng.next()) {
            switch action {
            case .became(let state, _): changes.append(Change(at: now, end: end, state: state))
            case .send(let packet):
                sendings.append(Sending(at: now, end: end, packet: packet))
                guard !lost.contains(end), !dead.contains(end.other) else { continue }
                let arrival = now + delay
                act(end.other) { $0.received(packet, at: arrival, draw: $2) }
            }
        }
    }
}

extension BFDParameters {
    static func of(_ transmit: Int64, _ receive: Int64, _ multiplier: Int = 3, isPassive: Bool = false) -> BFDParameters
    {
        BFDParameters(
            transmit: .milliseconds(transmit),
            receive: .milliseconds(receive),
            multiplier: multiplier,
            isPassive: isPassive
        )
    }
}

extension BFDPacket {
    /// From an array: a span may not stand in an expectation.
    init(reading bytes: [UInt8]) throws(Malformed) { try self.init(bytes.span.bytes) }
}
