/// How probing meets the kernel: the loop that sends what the table asks for and feeds it what comes back.
///
/// One pass: wait; read the clock; empty the sockets; then let the table judge. The order matters: an answer that was
/// in a socket when its deadline passed has come in time, however late the prober was (the kernel's time stamp says
/// so).
import CShim
import Glibc
package import Liveness
import NetTypes

/// What the prober tells.
package enum ProbeReport: Sendable {
    case result(ProbeResult)
    case target(TargetReport)
}

/// Confined to the prober's thread.
struct Prober {
    /// What a schedule asks, and by which way. An object, since each request and each answer looks it up.
    private final class Asked {
        let link: MemberLink
        let question: ProbeQuestion
        /// The echo sockets it was given last, and when: valid as long as none was dropped since.
        var senders: (v4: ICMPSocket?, v6: ICMPSocket?, age: UInt64) = (nil, nil, 0)
        /// The devices that requests left by last; 0 where any will do.
        var interfaces: (v4: Int32, v6: Int32) = (0, 0)

        init(link: MemberLink, question: ProbeQuestion) { (self.link, self.question) = (link, question) }
    }

    private var table: ProbeTable
    private let poller: Poller
    private let mailbox: Mailbox
    private let report: ([ProbeReport]) -> Void
    private var echoes: EchoSockets
    private var exchanges: Exchanges
    private var neighbours: Neighbours
    /// Made with the first HTTP probe: it is a thread.
    private var web: WebProber?
    private var members: [ProbedMember] = []
    private var asked: [UInt16: Asked] = [:]
    private var trials = TrialRuns()
    private var reports: [ProbeReport] = []
    /// When the sockets were last emptied: what is read now came after.
    private var lastPass = BootClock.now()
    private var nextLook = BootClock.now()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.longestMessage, alignment: 8)

    /// For so long a device that was given another name may be taken for what it was.
    private static let lookInterval = Span.seconds(1)
    /// Holds an error with the whole quote that a router may send (RFC 1812 §4.3.2.3: 576 bytes; RFC 4443 §2.4: 1280).
    private static let longestMessage = 1536
    /// Messages read from one socket before the others have their turn.
    private static let mostReads = 64
    /// Rounds over all ready sockets before the table has its turn, whatever still comes: a flood must not stop time.
    private static let mostPasses = 16

    init(mailbox: Mailbox, report: @escaping ([ProbeReport]) -> Void) throws(SocketFailure) {
        var chance = SystemRandomNumberGenerator()
        table = ProbeTable(nonces: KeyedHash(key0: chance.next(), key1: chance.next()))
        poller = try Poller(bell: mailbox.bell)
        echoes = EchoSockets(poller)
        exchanges = Exchanges(poller)
        neighbours = Neighbours(poller)
        self.mailbox = mailbox
        self.report = report
    }

    /// Runs until the mailbox says stop.
    mutating func run() {
        defer { buffer.deallocate() }
        while true {
            let mail = mailbox.take()
            if mail.isStopped { return }
            take(mail)
            poller.arm(table.nextWake)
            pass()
            deliver()
        }
    }

    private mutating func pass() {
        let ready = poller.ready(waiting: true)
        let now = BootClock.now()
        if nextLook <= now {
            echoes.look()
            nextLook = now + Self.lookInterval
        }
        empty(ready)
        if let wake = table.nextWake, wake <= now {
            for _ in 0..<Self.mostPasses {
                guard empty(poller.ready(waiting: false)) else { break }
            }
            perform(table.due(at: now))
        }
        lastPass = now
    }

    private mutating func deliver() {
        guard !reports.isEmpty else { return }
        report(reports)
        reports.removeAll(keepingCapacity: true)
    }

    private mutating func perform(_ actions: [ProbeAction]) {
        for action in actions {
            switch action {
            case .report(let result): if !TrialRuns.isTrial(result.member) { reports.append(.result(result)) }
            case .target(let target): reports.append(.target(target))
            case .send(let request): send(request)
            case .abandon(let schedule, let numbers):
                exchanges.abandon(schedule, numbers)
                neighbours.forget { $0.schedule == schedule && numbers.contains($0.number) }
            case .traced(let trace): if trials.take(trace) { configure() }
            }
        }
    }
}

// MARK: - What is probed

extension Prober {
    private mutating func take(_ mail: Mailbox.Mail) {
        if let members = mail.members {
            self.members = members
            web?.forgetTrust()
        }
        for trial in mail.trials { trials.begin(trial) }
        if mail.members != nil || !mail.trials.isEmpty { configure() }
        for outcome in mail.outcomes { take(outcome) }
    }

    private mutating func configure() {
        let wanted = members.flatMap { member in member.scopes.map { (member, $0) } } + trials.subjects
        let subjects = wanted.map { member, scope in
            ProbeTable.Subject(
                name: member.name,
                scope: scope.scope,
                plan: scope.plan,
                isTraced: TrialRuns.isTrial(member.name)
            )
        }
        let identifiers = table.configure(subjects, at: BootClock.now())
        let before = asked
        asked = [:]
        for (identifier, (member, scope)) in zip(identifiers, wanted) {
            guard let identifier else { continue }
            asked[identifier] = Asked(link: member.link, question: scope.plan.question)
            trials.place(identifier, member, scope)
        }
        trials.endUnplaced()
        echoes.keep(Set(asked.values.filter { $0.question == .echo }.map(\.link)))
        neighbours.keep(Set(asked.values.filter { $0.question == .neighbour }.compactMap(\.link.device)))
        exchanges.keep { [asked] in asked[$0] != nil && asked[$0]?.link == before[$0]?.link }
    }
}

// MARK: - Requests

extension Prober {
    private mutating func send(_ request: ProbeRequest) {
        guard let asked = asked[request.schedule] else { return }
        do throws(SocketFailure) {
            // Read before: over a virtual link the answer is there, and stamped, when the call returns.
            let now: Instant
            switch asked.question {
            case .echo:
                let socket = try sender(asked, request.target.family)
                now = BootClock.now()
                try socket.send(request.echo, to: request.target.address)
            case .connect, .http, .dns:
                now = BootClock.now()
                try exchanges.begin(request, asked.question, by: asked.link, at: now)
            case .neighbour:
                now = BootClock.now()
                try neighbours.ask(request, on: asked.link.device)
            }
            table.sent(request, at: now)
        } catch {
            // The next round opens another: no sooner, so that a missing device costs one attempt an interval.
            if error.spoilsSocket {
                echoes.dropSender(asked.link, request.target.family)
                neighbours.drop(asked.link.device, request.target.family)
            }
            perform(table.failed(request, error.fault, at: BootClock.now()))
        }
    }
}

extension Prober {
    private mutating func sender(_ asked: Asked, _ family: AddressFamily) throws(SocketFailure) -> ICMPSocket {
        if asked.senders.age != echoes.age { asked.senders = (nil, nil, echoes.age) }
        if let socket = family == .v4 ? asked.senders.v4 : asked.senders.v6 { return socket }
        let socket = try echoes.sender(asked.link, family)
        switch family {
        case .v4: (asked.senders.v4, asked.interfaces.v4) = (socket, socket.interfaceIndex)
        case .v6: (asked.senders.v6, asked.interfaces.v6) = (socket, socket.interfaceIndex)
        }
        return socket
    }
}

// MARK: - Answers

extension Prober {
    /// Reads the sockets among what is ready; whether there was one.
    @discardableResult private mutating func empty(_ ready: [Poller.Ready]) -> Bool {
        var found = false
        for case .socket(let token) in ready {
            found = true
            switch token.kind {
            case .echoes: emptyEchoes(token.number == AddressFamily.v4.rawValue ? .v4 : .v6)
            case .exchange: advance(token.number)
            case .neighbours: emptyNeighbours(token.number)
            case .timer, .bell, .sessions: continue
            }
        }
        return found
    }

    private mutating func emptyEchoes(_ family: AddressFamily) {
        guard let socket = echoes.receiver(family) else { return }
        do throws(SocketFailure) {
            for _ in 0..<Self.mostReads {
                guard let arrival = try socket.receive(buffer) else { return }
                guard let message = socket.message(arrival, buffer) else { continue }
                let answered = table.received(
                    message,
                    from: arrival.source,
                    elsewhere: elsewhere(arrival, message.identifier, family),
                    clock: arrival.stamp == nil ? .process : .kernel,
                    at: instant(arrival.stamp)
                )
                perform(answered)
            }
        } catch {
            echoes.dropReceiver(family)
        }
    }

    /// The device that an answer came in by, when that is not the one its member's requests leave by.
    private func elsewhere(_ arrival: Arrival, _ schedule: UInt16, _ family: AddressFamily) -> String? {
        guard let asked = asked[schedule], arrival.interface > 0 else { return nil }
        let expected = family == .v4 ? asked.interfaces.v4 : asked.interfaces.v6
        guard expected > 0, expected != arrival.interface else { return nil }
        return DeviceName.of(arrival.interface)
    }

    /// A connection stands or does not; a resolver has answered.
    private mutating func advance(_ token: UInt64) {
        guard let exchange = exchanges.exchange(token) else { return }
        if case .dns(let question) = exchange.question { return readReply(exchange, question, token) }
        let now = BootClock.now()
        let connected = exchange.connected()
        exchanges.finish(token)
        switch connected {
        case .failure(let failure): perform(table.failed(exchange.request, failure.fault, at: now))
        case .success(let trip):
            if case .http(let question) = exchange.question {
                poller.remove(exchange.socket.descriptor)
                let descriptor = exchange.socket.handOver()
                let deadline = exchange.began + exchange.request.timeout
                webProber.ask(exchange.request, question, over: descriptor, by: deadline)
            } else {
                let answer = ProbeAnswer(trip: trip, clock: trip == nil ? .process : .kernel)
                perform(table.answered(exchange.request, answer, at: now))
            }
        }
    }

    private var webProber: WebProber {
        mutating get {
            if let web { return web }
            let made = WebProber { [mailbox] in mailbox.put($0) }
            web = made
            return made
        }
    }

    private mutating func take(_ outcome: WebProber.Outcome) {
        switch outcome.result {
        case .success(let answer): perform(table.answered(outcome.request, answer, at: outcome.at))
        case .failure(let failure): perform(table.failed(outcome.request, failure.fault, at: outcome.at))
        }
    }

    private mutating func readReply(_ exchange: Exchanges.Exchange, _ question: DNSQuestion, _ token: UInt64) {
        do throws(SocketFailure) {
            while let (reply, stamp) = try exchange.reply(buffer) {
                // A stray or forged datagram: the answer may still come.
                guard let reply else { continue }
                exchanges.finish(token)
                let arrival = instant(stamp)
                if let fault = reply.fault(for: question) {
                    return perform(table.failed(exchange.request, fault, at: arrival))
                }
                let answer = ProbeAnswer(clock: stamp == nil ? .process : .kernel)
                return perform(table.answered(exchange.request, answer, at: arrival))
            }
        } catch {
            exchanges.finish(token)
            perform(table.failed(exchange.request, error.fault, at: BootClock.now()))
        }
    }

    private mutating func emptyNeighbours(_ token: UInt64) {
        do throws(SocketFailure) {
            for (request, stamp) in try neighbours.answers(token, most: Self.mostReads, buffer) {
                let answer = ProbeAnswer(clock: stamp == nil ? .process : .kernel)
                perform(table.answered(request, answer, at: instant(stamp)))
            }
        } catch {
            neighbours.drop(token)
        }
    }

    /// The kernel's wall-clock stamp on the boot clock: now less the message's age. An age that would put it before the
    /// last time this socket was emptied comes from a wall clock that was set meanwhile.
    private func instant(_ stamp: UInt64?) -> Instant {
        let now = BootClock.now()
        let wall = BootClock.wallNanoseconds()
        guard let stamp, stamp <= wall else { return now }
        let age = min(wall - stamp, UInt64(clamping: (now - lastPass).nanoseconds))
        return Instant(nanoseconds: now.nanoseconds - age)
    }
}

/// A device's name now; its number when it has none any more.
enum DeviceName {
    static func of(_ index: Int32) -> String {
        var name = [CChar](repeating: 0, count: Int(IFNAMSIZ))
        guard if_indextoname(UInt32(clamping: index), &name) != nil else { return "device \(index)" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
