/// What the tests of this target share: a seeded source of chance, addresses, and a schedule to play with.
import NetTypes
import PolicyEngine
import Testing

@testable import Liveness

func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

func ms(_ value: Int64) -> Instant { Instant(nanoseconds: UInt64(value) * 1_000_000) }

let nonces = KeyedHash(key0: 1, key1: 2)

/// Two IPv4 targets unless told otherwise; 200 ms, 150 ms.
func plan(_ targets: [String] = ["192.0.2.53", "198.51.100.53"], need: Int = 1) throws -> ProbePlan {
    let addresses = try targets.map { ProbeTarget(try address($0)) }
    return try #require(
        ProbePlan(targets: addresses, need: need, interval: .milliseconds(200), timeout: .milliseconds(150))
    )
}

/// A schedule whose rounds begin at the multiples of its interval, starting with the first after zero.
func schedule(_ plan: ProbePlan) -> ProbeSchedule {
    ProbeSchedule(
        member: "wan.fiber",
        scope: .v4,
        plan: plan,
        identifier: 77,
        phase: 0,
        nonces: nonces,
        generation: 1,
        at: ms(0)
    )
}

extension [ProbeAction] {
    var requests: [ProbeRequest] {
        compactMap { if case .send(let request) = $0 { request } else { nil } }
    }

    var results: [ProbeResult] {
        compactMap { if case .report(let result) = $0 { result } else { nil } }
    }

    var signals: [Signal] { results.map(\.signal) }
}

extension ProbeSchedule {
    mutating func turn(at now: Instant) -> [ProbeAction] {
        var actions: [ProbeAction] = []
        turn(at: now, &actions)
        return actions
    }

    mutating func received(
        _ message: ICMPMessage,
        from source: IPAddress,
        elsewhere: String? = nil,
        at now: Instant
    ) -> (Reception, [ProbeAction]) {
        var actions: [ProbeAction] = []
        let reception = received(message, from: source, elsewhere: elsewhere, clock: .kernel, at: now, &actions)
        return (reception, actions)
    }

    mutating func refused(_ request: ProbeRequest, _ cause: Cause, at now: Instant) -> [ProbeAction] {
        var actions: [ProbeAction] = []
        failed(request.number, ProbeFault(cause), at: now, &actions)
        return actions
    }

    /// The answer of a target that is well.
    mutating func answer(_ request: ProbeRequest, at now: Instant) -> (Reception, [ProbeAction]) {
        received(.reply(request.echo), from: request.target.address, at: now)
    }
}
