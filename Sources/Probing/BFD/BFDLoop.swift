/// How BFD meets the kernel: the loop that sends what the table asks for and feeds it what comes in.
///
/// One pass: wait; read the clock; empty the sockets; then let the table judge. The order matters: a packet that was in a socket
/// when its time was up has come in time, however late the thread was (the kernel's time stamp says so).
import CShim
import Glibc
import Liveness
import NetTypes

/// Confined to the BFD thread.
struct BFDLoop {
    private var table: BFDTable
    private let poller: Poller
    private let mailbox: BFDMailbox
    private let report: ([BFDReport]) -> Void
    private var sockets: BFDSockets
    private let buffer = BFDSocket.makeBuffer()
    /// Whether the last pass had to wait for less than a horizon.
    private var isBusy = false
    /// When the sockets were last emptied: what is read now came after.
    private var lastPass = BootClock.now()
    private var nextLook = BootClock.now()

    /// A packet that is due within this leaves now, if it may, so that many sessions share one wake-up.
    private static let horizon = Span.milliseconds(1)
    /// For so long a device that was given another name may be taken for what it was.
    private static let lookInterval = Span.seconds(1)
    /// Reads of one socket, and rounds over all, before the table has its turn: a flood must not stop time.
    private static let mostReads = 8
    private static let mostPasses = 16

    init(mailbox: BFDMailbox, report: @escaping ([BFDReport]) -> Void) throws(SocketFailure) {
        var chance = SystemRandomNumberGenerator()
        table = BFDTable(chance: KeyedHash(key0: chance.next(), key1: chance.next()))
        poller = try Poller(bell: mailbox.bell)
        sockets = BFDSockets(poller)
        self.mailbox = mailbox
        self.report = report
    }

    /// Runs until the mailbox says stop; then says goodbye.
    mutating func run(isRealTime: Bool) {
        defer { buffer.deallocate() }
        table.isRealTime = isRealTime
        while true {
            let mail = mailbox.take()
            if mail.isStopped { break }
            if let orders = mail.orders { configure(orders) }
            poller.arm(table.nextWake.map { min($0, nextLook) })
            pass()
            let reports = table.reports(at: lastPass)
            if !reports.isEmpty { report(reports) }
        }
        send(table.leave(at: BootClock.now()))
    }

    private mutating func configure(_ orders: [BFDTable.Order]) {
        let messages = table.configure(orders, at: BootClock.now())
        keepSockets()
        send(messages)
    }

    private mutating func keepSockets() {
        sockets.configure(Dictionary(uniqueKeysWithValues: table.subjects.map { ($0.slot, $0.subject) }))
    }

    private mutating func pass() {
        rest()
        let rested = BootClock.now()
        let ready = poller.ready(waiting: true)
        let now = BootClock.now()
        isBusy = now - rested < Self.horizon
        if nextLook <= now {
            sockets.look()
            nextLook = now + Self.lookInterval
        }
        empty(ready)
        if let wake = table.nextWake, wake <= now {
            for _ in 0..<Self.mostPasses {
                guard empty(poller.ready(waiting: false)) else { break }
            }
            let count = table.count
            send(table.due(at: now, horizon: now + Self.horizon))
            // Who has said goodbye leaves the port to whoever else speaks BFD on this host.
            if table.count < count { keepSockets() }
        }
        lastPass = now
    }

    /// Where packets come more often than once in a horizon, each wakes nobody: they wait for each other, and no longer than that.
    /// What is due is not put off.
    private func rest() {
        guard isBusy else { return }
        let end = min(lastPass + Self.horizon, table.nextWake ?? lastPass + Self.horizon)
        BootClock.sleep(until: end)
    }
}

// MARK: - Packets

extension BFDLoop {
    private mutating func send(_ messages: [BFDTable.Message]) {
        for message in messages {
            if message.beginsAnew { sockets.dropSender(message.slot) }
            do throws(SocketFailure) {
                guard let socket = try sender(message.slot) else { continue }
                try socket.send(message.bytes)
                table.sent(message.slot, nil)
            } catch {
                // The next packet opens another: no sooner, so that a missing device costs one attempt an interval.
                if error.spoilsSocket { sockets.dropSender(message.slot) }
                table.sent(message.slot, error.cause)
            }
        }
    }

    private mutating func sender(_ slot: Int) throws(SocketFailure) -> BFDSocket? {
        if let socket = sockets.sender(slot) { return socket }
        guard let subject = table.subject(slot) else { return nil }
        return try sockets.openSender(slot, subject)
    }

    /// Reads the sockets among what is ready; whether there was one.
    @discardableResult private mutating func empty(_ ready: [Poller.Ready]) -> Bool {
        var found = false
        for case .socket(let token) in ready {
            found = true
            guard let listener = sockets.listener(token.number) else { continue }
            do throws(SocketFailure) {
                try empty(listener)
            } catch {
                sockets.dropListener(token.number)
            }
        }
        return found
    }

    private mutating func empty(_ listener: BFDSockets.Listener) throws(SocketFailure) {
        for _ in 0..<Self.mostReads {
            var messages: [BFDTable.Message] = []
            let lastPass = lastPass
            let mayBeMore = try listener.socket.receive(buffer) { arrival, bytes in
                let instant = Self.instant(arrival.stamp, after: lastPass)
                messages += table.received(bytes, from: arrival.source, on: listener.device, at: instant)
            }
            send(messages)
            guard mayBeMore else { return }
        }
    }

    /// The kernel's wall-clock stamp on the boot clock: now less the packet's age. An age that would put it before the last time
    /// this socket was emptied comes from a wall clock that was set meanwhile.
    private static func instant(_ stamp: UInt64?, after lastPass: Instant) -> Instant {
        let now = BootClock.now()
        let wall = BootClock.wallNanoseconds()
        guard let stamp, stamp <= wall else { return now }
        let age = min(wall - stamp, UInt64(clamping: (now - lastPass).nanoseconds))
        return Instant(nanoseconds: now.nanoseconds - age)
    }
}
