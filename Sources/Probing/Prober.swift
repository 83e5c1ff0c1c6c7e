/// How probing meets the kernel: the loop that sends what the table asks for and feeds it what comes back.
///
/// One pass: wait; read the clock; empty the sockets; then let the table judge. The order matters: an answer that was
/// in a socket when its deadline passed has come in time, however late the prober was (the kernel's time stamp says
/// so).
import CShim
import Glibc
import Liveness
import NetTypes

/// Confined to the prober's thread.
struct Prober {
    private var table: ProbeTable
    private let poller: Poller
    private let mailbox: Mailbox
    private let report: ([ProbeResult]) -> Void
    private var sockets: MemberSockets
    private var results: [ProbeResult] = []
    /// When the sockets were last emptied: what is read now came after.
    private var lastPass = BootClock.now()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.longestMessage, alignment: 8)

    /// Holds an error with the whole quote that a router may send (RFC 1812 §4.3.2.3: 576 bytes; RFC 4443 §2.4: 1280).
    private static let longestMessage = 1536
    /// Messages read from one socket before the others have their turn.
    private static let mostReads = 64
    /// Rounds over all ready sockets before the table has its turn, whatever still comes: a flood must not stop time.
    private static let mostPasses = 16

    init(mailbox: Mailbox, report: @escaping ([ProbeResult]) -> Void) throws(SocketFailure) {
        var chance = SystemRandomNumberGenerator()
        table = ProbeTable(nonces: KeyedHash(key0: chance.next(), key1: chance.next()))
        poller = try Poller(bell: mailbox.bell)
        sockets = MemberSockets(poller)
        self.mailbox = mailbox
        self.report = report
    }

    /// Runs until the mailbox says stop.
    mutating func run() {
        defer { buffer.deallocate() }
        while true {
            let mail = mailbox.take()
            if mail.isStopped { return }
            if let members = mail.members { configure(members) }
            poller.arm(table.nextWake)
            pass()
            deliver()
        }
    }

    private mutating func pass() {
        let ready = poller.ready(waiting: true)
        let now = BootClock.now()
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
        guard !results.isEmpty else { return }
        report(results)
        results.removeAll(keepingCapacity: true)
    }

    private mutating func perform(_ actions: [ProbeAction]) {
        for action in actions {
            switch action {
            case .report(let result): results.append(result)
            case .send(let request): send(request)
            }
        }
    }
}

// MARK: - What is probed

extension Prober {
    private mutating func configure(_ members: [ProbedMember]) {
        let wanted = members.flatMap { member in member.scopes.map { (member, $0) } }
        let subjects = wanted.map { member, scope in
            ProbeTable.Subject(name: member.name, scope: scope.scope, plan: scope.plan)
        }
        let identifiers = table.configure(subjects, at: BootClock.now())
        var links: [UInt16: MemberLink] = [:]
        for (identifier, (member, _)) in zip(identifiers, wanted) {
            guard let identifier else { continue }
            links[identifier] = MemberLink(device: member.device, mark: member.mark)
        }
        sockets.configure(links)
    }
}

// MARK: - Requests

extension Prober {
    private mutating func send(_ request: ProbeRequest) {
        let (identifier, family) = (request.echo.identifier, request.target.family)
        do throws(SocketFailure) {
            let socket = try sockets.sender(identifier, family)
            // Read before: over a virtual link the answer is there, and stamped, when the call returns.
            let now = BootClock.now()
            try socket.send(request.echo, to: request.target)
            table.sent(request, at: now)
        } catch {
            // The next round opens another: no sooner, so that a missing device costs one attempt an interval.
            if error.spoilsSocket { sockets.dropSender(identifier, family) }
            perform(table.refused(request, error.cause, at: BootClock.now()))
        }
    }
}

// MARK: - Answers

extension Prober {
    /// Reads the sockets among what is ready; whether there was one.
    @discardableResult private mutating func empty(_ ready: [Poller.Ready]) -> Bool {
        var found = false
        for case .socket(let token) in ready {
            found = true
            guard let socket = sockets.receiver(token) else { continue }
            do throws(SocketFailure) {
                try empty(socket)
            } catch {
                sockets.dropReceiver(token)
            }
        }
        return found
    }

    private mutating func empty(_ socket: ICMPSocket) throws(SocketFailure) {
        for _ in 0..<Self.mostReads {
            guard let arrival = try socket.receive(buffer) else { return }
            guard let message = arrival.message else { continue }
            perform(table.received(message, from: arrival.source, at: instant(arrival.stamp)))
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
