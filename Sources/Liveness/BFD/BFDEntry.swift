/// One session with all that belongs to it: its key, its verdict, its counters.
import NetTypes
import PolicyEngine

struct BFDEntry: Sendable {
    private(set) var subject: BFDSubject
    private(set) var session: BFDSession
    private var authenticator: BFDAuthenticator?
    private var verdict: BFDVerdict
    /// When it is removed: the operator wants it no more, and the other end is being told.
    private(set) var leavingAt: Instant?

    private var since: Instant
    private var sendFailure: Cause?
    private var falls: UInt64 = 0
    private var sent: UInt64 = 0
    private var received: UInt64 = 0
    private var refused: UInt64 = 0
    private var gaps = BFDGaps()
    /// What has not been told yet.
    private(set) var isNews = true
    private var signal: Signal?
    /// What both ends had agreed upon when it was last told.
    private var told: Agreement?

    private struct Agreement: Hashable, Sendable {
        let transmit: Span
        let detection: Span?
        let remoteState: BFDState
    }

    init(_ subject: BFDSubject, key: BFDKey?, localDiscriminator: UInt32, at now: Instant, draw: UInt64) {
        self.subject = subject
        session = BFDSession(subject.parameters, localDiscriminator: localDiscriminator, at: now)
        authenticator = key.map { BFDAuthenticator($0, draw: draw) }
        verdict = BFDVerdict(upAfter: subject.upAfter, patience: Self.patience(subject), at: now)
        since = now
        if lacksKey { shutUp(at: now, draw: draw) }
    }

    /// It is to be authenticated, and there is nothing to do that with: it neither speaks nor listens.
    private var lacksKey: Bool { subject.authentication != nil && authenticator == nil }

    private mutating func shutUp(at now: Instant, draw: UInt64) {
        _ = session.set(isEnabled: false, at: now, draw: draw)
        (signal, isNews) = (.failure(.bfdNoKey), true)
    }

    var wake: Instant? {
        if lacksKey { return leavingAt }
        return [session.wake, verdict.wake, leavingAt].compactMap { $0 }.min()
    }

    /// As many packets as make a failure, at the pace of a session that is not up.
    private static func patience(_ subject: BFDSubject) -> Span {
        let pace = max(subject.parameters.transmit, BFDSession.slowTransmit)
        return Span(nanoseconds: pace.nanoseconds * Int64(max(subject.parameters.multiplier, 3)))
    }
}

// MARK: - What happens

extension BFDEntry {
    /// The packets to send.
    struct Packets {
        var bytes: [[UInt8]] = []
        /// `BFDTable.Message.beginsAnew`
        var beginAnew = false
    }

    /// A packet whose discriminator or source is this session's.
    mutating func received(_ packet: BFDPacket, _ bytes: RawSpan, at now: Instant, draw: UInt64) -> Packets {
        guard !lacksKey, isAuthentic(packet, bytes, at: now) else {
            refused &+= 1
            return Packets()
        }
        received &+= 1
        gaps.note(session.state == .up ? session.lastReceived : nil, now)
        return carryOut(session.received(packet, at: now, draw: draw), at: now)
    }

    mutating func turn(at now: Instant, horizon: Instant, draw: UInt64) -> Packets {
        guard !lacksKey else { return Packets() }
        return carryOut(session.turn(at: now, horizon: horizon, draw: draw), at: now)
    }

    /// The same session by another file: it goes on.
    mutating func configure(_ subject: BFDSubject, key: BFDKey?, at now: Instant, draw: UInt64) -> Packets {
        let isUnchanged = subject == self.subject && key == authenticator?.key && leavingAt == nil
        guard !isUnchanged else { return Packets() }
        if leavingAt != nil || lacksKey {
            verdict = BFDVerdict(upAfter: subject.upAfter, patience: Self.patience(subject), at: now)
        } else {
            verdict = verdict.holding(subject.upAfter)
            // Who uses it only now must be told how it is.
            if subject.members != self.subject.members { signal = verdict.signal }
        }
        (self.subject, leavingAt, isNews) = (subject, nil, true)
        if key != authenticator?.key { authenticator = key.map { BFDAuthenticator($0, draw: draw) } }
        guard !lacksKey else {
            shutUp(at: now, draw: draw)
            return Packets()
        }
        let actions =
            session.set(isEnabled: true, at: now, draw: draw)
            + session.configure(subject.parameters, at: now, draw: draw)
        return carryOut(actions, at: now)
    }

    /// Says AdminDown, for a Detection Time to be sure (§6.8.16); then the entry is to be removed.
    mutating func leave(at now: Instant, draw: UInt64) -> Packets {
        guard leavingAt == nil else { return Packets() }
        leavingAt = now + (session.detectionTime ?? .zero)
        guard !lacksKey else { return Packets() }
        return carryOut(session.set(isEnabled: false, at: now, draw: draw), at: now)
    }

    /// The kernel took a packet, or did not.
    mutating func sent(_ failure: Cause?) {
        sendFailure = failure
        if failure == nil { sent &+= 1 }
    }

    private mutating func isAuthentic(_ packet: BFDPacket, _ bytes: RawSpan, at now: Instant) -> Bool {
        guard authenticator != nil else { return packet.authentication == nil }
        let detection = session.detectionTime ?? BFDSession.slowTransmit
        return authenticator?.accepts(packet, bytes, at: now, detection: detection) ?? false
    }

    private mutating func carryOut(_ actions: [BFDSession.Action], at now: Instant) -> Packets {
        var packets = Packets()
        for action in actions {
            switch action {
            case .send(let packet): packets.bytes.append(authenticator?.sign(packet) ?? packet.bytes)
            case .became(let state, let old):
                since = now
                if old == .up { falls &+= 1 }
                if state != .up { gaps.stop() }
                if session.lastReceived == nil { packets.beginAnew = true }
                isNews = true
            }
        }
        if told != agreement { isNews = true }
        judge(at: now)
        return packets
    }

    private var agreement: Agreement {
        Agreement(
            transmit: session.transmitInterval,
            detection: session.detectionTime,
            remoteState: session.remote.state
        )
    }

    private mutating func judge(at now: Instant) {
        guard leavingAt == nil else { return }
        let patience = Self.patience(subject)
        guard let news = verdict.signal(of: session, patience: patience, sendFailure: sendFailure, at: now) else {
            return
        }
        (signal, isNews) = (news, true)
    }
}

// MARK: - Telling

extension BFDEntry {
    /// What is to be told now: news, or when `isDue` the state of affairs.
    mutating func report(at now: Instant, isDue: Bool, isRealTime: Bool) -> BFDReport? {
        guard isNews || isDue, leavingAt == nil else { return nil }
        defer { (isNews, signal, told) = (false, nil, agreement) }
        var facts = BFDReport.Facts(
            device: subject.device,
            peer: subject.peer,
            state: session.state,
            since: since,
            diagnostic: session.diagnostic,
            localDiscriminator: session.localDiscriminator,
            remoteState: session.remote.state,
            remoteDiagnostic: session.remote.diagnostic,
            remoteDiscriminator: session.remote.discriminator,
            transmit: session.transmitInterval,
            receive: session.receiveInterval,
            multiplier: subject.parameters.multiplier,
            detection: session.detectionTime,
            authentication: subject.authentication?.type
        )
        (facts.falls, facts.sent, facts.received, facts.refused) = (falls, sent, received, refused)
        (facts.jitter, facts.longestGap) = (gaps.jitter, gaps.takeLongest())
        facts.isRealTime = isRealTime
        return BFDReport(members: subject.members, scope: subject.scope, signal: signal, at: now, session: facts)
    }
}

/// The times between packets of a session that is up.
private struct BFDGaps: Sendable {
    private(set) var jitter = Span.zero
    private var longest = Span.zero
    private var last: Span?

    mutating func note(_ earlier: Instant?, _ now: Instant) {
        guard let earlier else { return }
        let gap = now - earlier
        longest = max(longest, gap)
        if let last {
            let deviation = abs(gap.nanoseconds - last.nanoseconds)
            jitter = Span(nanoseconds: jitter.nanoseconds + (deviation - jitter.nanoseconds) / 16)
        }
        last = gap
    }

    mutating func stop() { last = nil }

    mutating func takeLongest() -> Span {
        defer { longest = .zero }
        return longest
    }
}
