/// Which sockets there are: one to send for each schedule and family, one to receive for each device and family.
import Liveness
import NetTypes

/// The way by which a member's requests leave.
struct MemberLink: Hashable {
    let device: String?
    let mark: Mark?
}

/// Opens sockets when they are first needed, and anew after they were dropped.
struct MemberSockets {
    private struct Sender: Hashable {
        let identifier: UInt16
        let family: AddressFamily
    }

    private struct Receiver: Hashable {
        let device: String?
        let family: AddressFamily
    }

    private let poller: Poller
    private var links: [UInt16: MemberLink] = [:]
    private var senders: [Sender: ICMPSocket] = [:]
    private var tokens: [Receiver: UInt64] = [:]
    private var receivers: [UInt64: ICMPSocket] = [:]
    private var nextToken: UInt64 = 0

    init(_ poller: Poller) { self.poller = poller }

    /// Keeps the sockets of schedules whose link stays, and closes the others.
    mutating func configure(_ links: [UInt16: MemberLink]) {
        let before = self.links
        self.links = links
        senders = senders.filter { sender, _ in
            links[sender.identifier] != nil && links[sender.identifier] == before[sender.identifier]
        }
        let devices = Set(links.values.map(\.device))
        for (receiver, token) in tokens where !devices.contains(receiver.device) {
            tokens[receiver] = nil
            receivers[token] = nil
        }
    }

    /// The socket on which a schedule sends; whoever answers it is heard from now on.
    mutating func sender(_ identifier: UInt16, _ family: AddressFamily) throws(SocketFailure) -> ICMPSocket {
        let key = Sender(identifier: identifier, family: family)
        let link = links[identifier] ?? MemberLink(device: nil, mark: nil)
        let receiver = Receiver(device: link.device, family: family)
        if let socket = senders[key], tokens[receiver] != nil { return socket }
        let socket = try ICMPSocket(family, device: link.device, .sending(link.mark))
        try listen(receiver, on: socket.interfaceIndex)
        senders[key] = socket
        return socket
    }

    /// Makes sure that answers are heard on the device that has this index now.
    private mutating func listen(_ key: Receiver, on index: Int32) throws(SocketFailure) {
        if let token = tokens[key], receivers[token]?.interfaceIndex == index { return }
        let socket = try ICMPSocket(key.family, device: key.device, .receiving)
        nextToken &+= 1
        try poller.add(socket.fileDescriptor, token: nextToken)
        if let old = tokens.updateValue(nextToken, forKey: key) { receivers[old] = nil }
        receivers[nextToken] = socket
    }

    /// Closes a sender that may be bound to a device that is no more.
    mutating func dropSender(_ identifier: UInt16, _ family: AddressFamily) {
        senders[Sender(identifier: identifier, family: family)] = nil
    }

    /// The socket that became readable; nil when it has been closed meanwhile.
    func receiver(_ token: UInt64) -> ICMPSocket? { receivers[token] }

    /// Closes a receiver that only gives errors; the next request opens another.
    mutating func dropReceiver(_ token: UInt64) {
        receivers[token] = nil
        tokens = tokens.filter { $0.value != token }
    }
}
