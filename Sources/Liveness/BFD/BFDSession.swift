/// When does a BFD session come up, go down, and send? One end's state by RFC 5880 §6.8, asynchronous mode.
///
/// A plain value: the time and a random draw come with each event, packets to be sent are what it returns. Packets handed in
/// have been read, found to be this session's and authentic. The other end may ask for Demand mode, which is honoured; this end
/// does not ask for it. Echo packets are neither sent nor wanted, and the packets say so.
package import NetTypes

package struct BFDSession: Sendable {
    package let localDiscriminator: UInt32
    package private(set) var parameters: BFDParameters
    package private(set) var state = BFDState.down
    /// bfd.LocalDiag: why the session last went down.
    package private(set) var diagnostic = BFDDiagnostic.none
    package private(set) var remote = Remote()
    package private(set) var poll = Poll.idle

    /// bfd.DesiredMinTxInterval and bfd.RequiredMinRxInterval as this end's packets have them.
    private var announced: Intervals
    /// The same as this end goes by them: a slower pace waits for the other end's agreement (§6.8.3).
    private var inUse: Intervals

    /// When the last packet came; nil before the first and after a Detection Time without one.
    package private(set) var lastReceived: Instant?
    /// The last packet's content, without P and F.
    private var said: BFDPacket?
    /// When the last packet of the periodic kind left, and which part of the interval (in millionths) is to pass until the next.
    private var pace: (sent: Instant, share: Int64)?
    private let began: Instant

    /// What the other end has said of itself.
    package struct Remote: Hashable, Sendable {
        package internal(set) var state = BFDState.down
        /// 0: not known.
        package internal(set) var discriminator: UInt32 = 0
        package internal(set) var diagnostic = BFDDiagnostic.none
        /// bfd.RemoteMinRxInterval; 0: it wants no periodic packets.
        package internal(set) var minRx = Span(nanoseconds: 1000)
        package internal(set) var minTx = Span.zero
        /// 0: not heard of.
        package internal(set) var multiplier: UInt8 = 0
        package internal(set) var isDemand = false
    }

    /// Whether a Poll Sequence is under way (§6.5).
    package enum Poll: Hashable, Sendable {
        case idle
        case active
        /// Something changed since it began, which its Final may not have seen: another follows.
        case again
    }

    private struct Intervals: Hashable, Sendable {
        var transmit: Span
        var receive: Span
    }

    /// While a session is not up, it sends no faster (§6.8.3).
    package static let slowTransmit = Span.seconds(1)

    /// A session that is Down and begins to speak at once, unless it is passive.
    ///
    /// - Parameter localDiscriminator: Not 0, and no other session's on this host (§6.8.1).
    package init(_ parameters: BFDParameters, localDiscriminator: UInt32, at now: Instant) {
        (self.parameters, self.localDiscriminator, began) = (parameters, localDiscriminator, now)
        announced = Intervals(
            transmit: max(parameters.transmit, Self.slowTransmit),
            receive: parameters.receive
        )
        inUse = announced
    }
}

// MARK: - Times

extension BFDSession {
    /// How often this end sends, before jitter (§6.8.2).
    package var transmitInterval: Span { max(inUse.transmit, remote.minRx) }

    /// How often the other end sends, before jitter.
    package var receiveInterval: Span { max(inUse.receive, remote.minTx) }

    /// The Detection Time (§6.8.4); nil while the other end has not been heard of.
    package var detectionTime: Span? {
        guard remote.multiplier > 0 else { return nil }
        return Span(nanoseconds: receiveInterval.nanoseconds * Int64(remote.multiplier))
    }

    /// When the other end counts as silent.
    package var deadline: Instant? {
        guard let lastReceived, let detectionTime else { return nil }
        return lastReceived + detectionTime
    }

    /// The next periodic packet: when it may leave at the earliest, and when it must.
    package var sending: (earliest: Instant, latest: Instant)? {
        guard !isSilent else { return nil }
        guard let pace else { return (began, began) }
        let interval = transmitInterval.nanoseconds
        // At most 4,295 s of 32 bits of microseconds, so the product fits.
        let after = { (share: Int64) in pace.sent + Span(nanoseconds: interval * share / 1_000_000) }
        return (after(Self.leastShare), after(pace.share))
    }

    /// When `turn` is to be called next.
    package var wake: Instant? {
        guard let latest = sending?.latest else { return deadline }
        return min(latest, deadline ?? latest)
    }

    /// Whether no periodic packets are sent (§6.8.7).
    private var isSilent: Bool {
        if parameters.isPassive, remote.discriminator == 0 { return true }
        if remote.minRx == .zero { return true }
        return remote.isDemand && state == .up && remote.state == .up && poll == .idle
    }

    /// Millionths of an interval that pass at least between two packets (§6.8.7).
    private static let leastShare: Int64 = 750_000

    /// 75 to 100 %, or 75 to 90 % where one lost packet is a failure, so that the next comes before the time is up (§6.8.7).
    private func share(_ draw: UInt64) -> Int64 {
        let width: UInt64 = parameters.multiplier == 1 ? 150_001 : 250_001
        return Self.leastShare + Int64(draw % width)
    }
}

// MARK: - What happens

extension BFDSession {
    package enum Action: Hashable, Sendable {
        case send(BFDPacket)
        case became(BFDState, from: BFDState)
    }

    /// A packet of the other end's (§6.8.6 from "Set bfd.RemoteDiscr" on).
    package mutating func received(_ packet: BFDPacket, at now: Instant, draw: UInt64) -> [Action] {
        var actions: [Action] = []
        take(packet)
        if packet.isFinal { finishPoll() }
        if state != .adminDown {
            lastReceived = max(lastReceived ?? now, now)
            if let next = next(on: packet.state) { become(next.state, next.diagnostic, &actions) }
        }
        // At once, whatever the state and the pace (§6.8.7); the pace goes on as it was.
        if packet.isPoll { actions.append(.send(finalPacket())) }
        sayNews(at: now, draw: draw, &actions)
        return actions
    }

    /// Time has passed. All packets that arrived before `now` must have been handed in.
    ///
    /// - Parameter horizon: A packet that must leave before this leaves now if it may: so many sessions share one wake-up.
    package mutating func turn(at now: Instant, horizon: Instant, draw: UInt64) -> [Action] {
        var actions: [Action] = []
        if let deadline, deadline <= now { fallSilent(&actions) }
        if let sending, sending.earliest <= now, sending.latest <= max(now, horizon) {
            actions.append(.send(periodicPacket(at: now, draw: draw)))
        } else {
            sayNews(at: now, draw: draw, &actions)
        }
        return actions
    }

    /// Other wishes for a session that goes on.
    package mutating func configure(_ parameters: BFDParameters, at now: Instant, draw: UInt64) -> [Action] {
        var actions: [Action] = []
        self.parameters = parameters
        announce()
        sayNews(at: now, draw: draw, &actions)
        return actions
    }

    /// Takes the session down by the operator's will, or lets it come up again (§6.8.16).
    package mutating func set(isEnabled: Bool, at now: Instant, draw: UInt64) -> [Action] {
        var actions: [Action] = []
        if isEnabled, state == .adminDown {
            become(.down, diagnostic, &actions)
        } else if !isEnabled, state != .adminDown {
            become(.adminDown, .administrativelyDown, &actions)
        }
        sayNews(at: now, draw: draw, &actions)
        return actions
    }

    private mutating func take(_ packet: BFDPacket) {
        remote.discriminator = packet.myDiscriminator
        (remote.state, remote.diagnostic) = (packet.state, packet.diagnostic)
        remote.isDemand = packet.isDemand
        remote.minRx = Span(nanoseconds: Int64(packet.requiredMinRx) * 1000)
        remote.minTx = Span(nanoseconds: Int64(packet.desiredMinTx) * 1000)
        remote.multiplier = packet.detectMultiplier
    }

    /// The state machine of §6.8.6; nil: the state stays.
    private func next(on said: BFDState) -> (state: BFDState, diagnostic: BFDDiagnostic)? {
        switch (state, said) {
        case (.initializing, .adminDown), (.up, .adminDown), (.up, .down): (.down, .neighborSignaledDown)
        case (.down, .down): (.initializing, diagnostic)
        case (.down, .initializing), (.initializing, .initializing), (.initializing, .up): (.up, .none)
        case (.down, .adminDown), (.down, .up), (.initializing, .down), (.up, .initializing), (.up, .up): nil
        case (.adminDown, _): nil
        }
    }

    /// A Detection Time without a packet: what the other end said is void (§6.8.1 `bfd.RemoteDiscr`), and a session that was
    /// coming up or up goes down (§6.8.4).
    private mutating func fallSilent(_ actions: inout [Action]) {
        lastReceived = nil
        remote = Remote()
        if state == .initializing || state == .up { become(.down, .detectionTimeExpired, &actions) }
    }

    private mutating func become(_ next: BFDState, _ diagnostic: BFDDiagnostic, _ actions: inout [Action]) {
        let old = state
        (state, self.diagnostic) = (next, diagnostic)
        if old == .up { poll = .idle }
        announce()
        actions.append(.became(next, from: old))
    }
}

// MARK: - Poll Sequences

extension BFDSession {
    /// Brings the announced intervals up to date. A session that is up asks for the other end's agreement: until it comes, this
    /// end sends no slower than before, and expects no faster sending than before (§6.8.3).
    private mutating func announce() {
        let transmit = state == .up ? parameters.transmit : max(parameters.transmit, Self.slowTransmit)
        let wanted = Intervals(transmit: transmit, receive: parameters.receive)
        guard wanted != announced else { return }
        announced = wanted
        guard state == .up else {
            inUse = wanted
            return
        }
        inUse.transmit = min(inUse.transmit, wanted.transmit)
        inUse.receive = max(inUse.receive, wanted.receive)
        poll = poll == .idle ? .active : .again
    }

    private mutating func finishPoll() {
        switch poll {
        case .idle: return
        case .active:
            poll = .idle
            inUse = announced
        case .again: poll = .active
        }
    }
}

// MARK: - Packets

extension BFDSession {
    private var content: BFDPacket {
        BFDPacket(
            diagnostic: diagnostic,
            state: state,
            detectMultiplier: parameters.multiplier,
            myDiscriminator: localDiscriminator,
            yourDiscriminator: remote.discriminator,
            desiredMinTx: Self.microseconds(announced.transmit),
            requiredMinRx: Self.microseconds(announced.receive)
        )
    }

    private static func microseconds(_ span: Span) -> UInt32 { UInt32(clamping: span.nanoseconds / 1000) }

    private mutating func finalPacket() -> BFDPacket {
        var packet = content
        said = packet
        packet.isFinal = true
        return packet
    }

    private mutating func periodicPacket(at now: Instant, draw: UInt64) -> BFDPacket {
        var packet = content
        said = packet
        pace = (now, share(draw))
        packet.isPoll = poll != .idle
        return packet
    }

    /// What differs from the last packet is said at once, not only when the next is due (§6.8.7).
    private mutating func sayNews(at now: Instant, draw: UInt64, _ actions: inout [Action]) {
        guard !isSilent, said != content else { return }
        actions.append(.send(periodicPacket(at: now, draw: draw)))
    }
}
