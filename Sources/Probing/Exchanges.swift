/// How requests over a socket of their own are made: TCP connections, which HTTP goes on with, and DNS queries.
import CShim
import Glibc
import Liveness
import NetTypes

/// Open requests by their number; each holds one descriptor until it is answered or abandoned.
struct Exchanges {
    struct Key: Hashable {
        let schedule: UInt16
        let number: UInt64
    }

    /// One request that waits for its answer.
    struct Exchange {
        let key: Key
        let request: ProbeRequest
        let question: ProbeQuestion
        let socket: ProbeSocket
        /// When it was begun: its time counts from there.
        let began: Instant
        /// The query as sent; empty for connections.
        let query: [UInt8]
    }

    private let poller: Poller
    private var open: [UInt64: Exchange] = [:]
    private var tokens: [Key: UInt64] = [:]
    private var nextToken: UInt64 = 0

    init(_ poller: Poller) { self.poller = poller }

    var count: Int { open.count }

    /// Begins a connection or sends a query. What comes of it shows under the token.
    mutating func begin(
        _ request: ProbeRequest,
        _ question: ProbeQuestion,
        by link: MemberLink,
        at now: Instant
    ) throws(SocketFailure) {
        if case .dns(let dns) = question { return try ask(request, question, dns, link, at: now) }
        let socket = try ProbeSocket(request.target.family, SOCK_STREAM)
        try socket.bind(to: link)
        try socket.connect(request.target)
        try watch(
            Exchange(
                key: Key(request),
                request: request,
                question: question,
                socket: socket,
                began: now,
                query: []
            ),
            .writing
        )
    }

    private mutating func ask(
        _ request: ProbeRequest,
        _ question: ProbeQuestion,
        _ dns: DNSQuestion,
        _ link: MemberLink,
        at now: Instant
    ) throws(SocketFailure) {
        let socket = try ProbeSocket(request.target.family, SOCK_DGRAM)
        try socket.bind(to: link)
        try socket.set(SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS")
        switch request.target.family {
        case .v4: try socket.set(IP_PKTINFO, 1, "IP_PKTINFO", level: Int32(IPPROTO_IP))
        case .v6: try socket.set(IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO", level: Int32(IPPROTO_IPV6))
        }
        // Connected: the kernel lets in what the resolver sends, and nobody else.
        try socket.connect(request.target)
        let query = DNSMessage.query(dns, identifier: UInt16(truncatingIfNeeded: request.nonce))
        let sent = send(socket.descriptor, query, query.count, 0)
        guard sent == query.count else { throw SocketFailure(operation: "send", code: sent < 0 ? errno : EMSGSIZE) }
        try watch(
            Exchange(
                key: Key(request),
                request: request,
                question: question,
                socket: socket,
                began: now,
                query: query
            ),
            .reading
        )
    }

    private mutating func watch(_ exchange: Exchange, _ interest: Poller.Interest) throws(SocketFailure) {
        nextToken &+= 1
        try poller.add(exchange.socket.descriptor, PollToken(.exchange, nextToken), for: interest)
        open[nextToken] = exchange
        tokens[exchange.key] = nextToken
    }

    /// The exchange that became ready; nil when it has been given up meanwhile.
    func exchange(_ token: UInt64) -> Exchange? { open[token] }

    /// Forgets an exchange; its descriptor is closed with the last reference to it.
    mutating func finish(_ token: UInt64) {
        guard let exchange = open.removeValue(forKey: token) else { return }
        if tokens[exchange.key] == token { tokens[exchange.key] = nil }
    }

    /// Closes what is still open of these requests.
    mutating func abandon(_ schedule: UInt16, _ numbers: Range<UInt64>) {
        for number in numbers {
            guard let token = tokens[Key(schedule: schedule, number: number)] else { continue }
            finish(token)
        }
    }

    /// Closes everything that other schedules than these have begun.
    mutating func keep(_ schedules: (UInt16) -> Bool) {
        for (token, exchange) in open where !schedules(exchange.key.schedule) { finish(token) }
    }
}

extension Exchanges.Key {
    init(_ request: ProbeRequest) { self.init(schedule: request.schedule, number: request.number) }
}

// MARK: - What came of it

extension Exchanges.Exchange {
    /// How a connection that was begun stands: the handshake's round trip as the kernel measured it, or what went wrong.
    func connected() -> Result<Span?, SocketFailure> {
        let code = socket.value(of: SO_ERROR)
        guard code == 0 else { return .failure(SocketFailure(operation: "connect", code: code)) }
        var info = tcp_info()
        var size = socklen_t(MemoryLayout<tcp_info>.size)
        let result = getsockopt(socket.descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &size)
        guard result == 0, info.tcpi_rtt > 0 else { return .success(nil) }
        return .success(Span(nanoseconds: Int64(info.tcpi_rtt) * 1000))
    }

    /// What has come in for a query: no reply when it is not the resolver's answer to it, or came by another device than the member's.
    func reply(
        _ buffer: UnsafeMutableRawBufferPointer
    ) throws(SocketFailure) -> (reply: DNSMessage.Reply?, stamp: UInt64?)? {
        guard let arrival = try Arrival.next(socket.descriptor, request.target.family, buffer) else { return nil }
        let device = socket.interfaceIndex
        guard device == 0 || arrival.interface == 0 || arrival.interface == device else { return (nil, nil) }
        return (try? DNSMessage.reply(arrival.bytes(buffer).bytes, to: query), arrival.stamp)
    }
}
