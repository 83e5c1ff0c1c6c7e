/// Which sockets BFD has: one to send for each session, one to receive for each device and family.
import Glibc
import Liveness
import NetTypes

/// Opens sockets when they are first needed, and anew after they were dropped.
struct BFDSockets {
    private struct Receiver: Hashable {
        let device: String?
        let family: AddressFamily
    }

    /// A socket that packets come in on, and the device that they then came by.
    struct Listener {
        let socket: BFDSocket
        let device: String?
    }

    private let poller: Poller
    /// By session.
    private var senders: [BFDSocket?] = []
    private var tokens: [Receiver: UInt64] = [:]
    private var listeners: [UInt64: Listener] = [:]
    private var nextToken: UInt64 = 0
    /// Where sessions wait for packets.
    private var wanted: Set<Receiver> = []

    init(_ poller: Poller) { self.poller = poller }

    /// Closes what no session uses any more, and listens where one is waited for.
    mutating func configure(_ subjects: [Int: BFDSubject]) {
        let most = subjects.keys.max().map { $0 + 1 } ?? 0
        senders = (0..<most).map { slot in subjects[slot] != nil && slot < senders.count ? senders[slot] : nil }
        wanted = Set(subjects.values.map { Receiver(device: $0.device, family: $0.peer.family) })
        for (receiver, token) in tokens where !wanted.contains(receiver) {
            tokens[receiver] = nil
            listeners[token] = nil
        }
        listenEverywhere()
    }

    /// A passive session sends nothing that would open its listener. A device that is not there yet is tried again by the next look.
    private mutating func listenEverywhere() {
        for receiver in wanted where tokens[receiver] == nil { try? listen(receiver, on: nil) }
    }

    /// Whether devices still have the names by which they are meant: a socket stays bound to what it was bound to, and a device may
    /// be given another name while it is up, and its name to another.
    mutating func look() {
        for (receiver, token) in tokens {
            guard let device = receiver.device, let socket = listeners[token]?.socket else { continue }
            if Int32(clamping: if_nametoindex(device)) != socket.interfaceIndex { dropListener(token) }
        }
        listenEverywhere()
    }

    /// The socket on which a session sends, if it is open.
    func sender(_ slot: Int) -> BFDSocket? { slot < senders.count ? senders[slot] : nil }

    /// Opens it; who answers it is heard from now on.
    mutating func openSender(_ slot: Int, _ subject: BFDSubject) throws(SocketFailure) -> BFDSocket {
        let socket = try BFDSocket(to: subject.peer, device: subject.device)
        try listen(Receiver(device: subject.device, family: subject.peer.family), on: socket.interfaceIndex)
        if slot < senders.count { senders[slot] = socket }
        return socket
    }

    /// Makes sure that packets are heard on the device, which has this index now (nil: whatever it is).
    private mutating func listen(_ key: Receiver, on index: Int32?) throws(SocketFailure) {
        if let token = tokens[key], let socket = listeners[token]?.socket,
            index ?? socket.interfaceIndex == socket.interfaceIndex
        {
            return
        }
        // The old one first: it holds the port on that device.
        if let old = tokens.removeValue(forKey: key) { listeners[old] = nil }
        let socket = try BFDSocket(listening: key.family, device: key.device)
        nextToken &+= 1
        try poller.add(socket.fileDescriptor, PollToken(.sessions, nextToken))
        tokens[key] = nextToken
        listeners[nextToken] = Listener(socket: socket, device: key.device)
    }

    /// Closes a sender that may be bound to a device or an address that is no more.
    mutating func dropSender(_ slot: Int) { if slot < senders.count { senders[slot] = nil } }

    /// The socket that became readable; nil when it has been closed meanwhile.
    func listener(_ token: UInt64) -> Listener? { listeners[token] }

    /// Closes a listener that only gives errors; the next sender that is opened opens another.
    mutating func dropListener(_ token: UInt64) {
        listeners[token] = nil
        tokens = tokens.filter { $0.value != token }
        for slot in senders.indices { senders[slot] = nil }
    }
}
