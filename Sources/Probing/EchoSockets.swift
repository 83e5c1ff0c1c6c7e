/// Which ICMP sockets there are: one to send for each way out and family, one to receive for each family.
import Glibc
import Liveness
import NetTypes

/// Opens sockets when they are first needed, and anew after they were dropped.
struct EchoSockets {
    private struct Sender: Hashable {
        let link: MemberLink
        let family: AddressFamily
    }

    private let poller: Poller
    private var senders: [Sender: ICMPSocket] = [:]
    private var receivers: [AddressFamily: ICMPSocket] = [:]
    /// Grows whenever a socket was dropped: what was handed out before may be closed or about to be.
    private(set) var age: UInt64 = 1

    init(_ poller: Poller) { self.poller = poller }

    /// Closes the sockets of ways that nobody sends by any more.
    mutating func keep(_ links: Set<MemberLink>) {
        age &+= 1
        senders = senders.filter { links.contains($0.key.link) }
        if links.isEmpty { receivers = [:] }
    }

    /// The socket to send by a way; whoever answers it is heard from now on.
    mutating func sender(_ link: MemberLink, _ family: AddressFamily) throws(SocketFailure) -> ICMPSocket {
        let key = Sender(link: link, family: family)
        if let socket = senders[key], receivers[family] != nil { return socket }
        let socket = try ICMPSocket(family, sendingBy: link)
        if receivers[family] == nil {
            let receiver = try ICMPSocket(receiving: family)
            try poller.add(receiver.fileDescriptor, PollToken(.echoes, family.rawValue))
            receivers[family] = receiver
        }
        senders[key] = socket
        return socket
    }

    /// Closes a sender that may be bound to a device that is no more.
    mutating func dropSender(_ link: MemberLink, _ family: AddressFamily) {
        age &+= 1
        senders[Sender(link: link, family: family)] = nil
    }

    /// Closes the senders whose device has another name by now: they are bound to what it was.
    mutating func look() {
        var indexes: [String: Int32] = [:]
        for (key, socket) in senders {
            guard let device = key.link.device else { continue }
            let index = indexes[device] ?? Int32(clamping: if_nametoindex(device))
            indexes[device] = index
            if index != socket.interfaceIndex { dropSender(key.link, key.family) }
        }
    }

    func receiver(_ family: AddressFamily) -> ICMPSocket? { receivers[family] }

    /// Closes a receiver that only gives errors; the next request opens another.
    mutating func dropReceiver(_ family: AddressFamily) {
        age &+= 1
        receivers[family] = nil
    }
}
