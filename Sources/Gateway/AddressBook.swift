/// Which addresses has a provider's host? Names are resolved off the event loops, by the system's resolver, and kept for a while.
import Glibc
import NIOCore
import NIOPosix
import NetTypes

/// One loop's addresses. Touched on its own loop only.
final class AddressBook {
    /// What became of a look-up.
    typealias Answer = Result<[IPAddress], ResolutionError>

    private struct Entry {
        var addresses: [IPAddress]
        var resolvedAt: Instant
    }

    private let eventLoop: any EventLoop
    /// Where getaddrinfo(3) may block. Shared by all loops and bounded: a dead resolver takes these threads, no others.
    private let threads: NIOThreadPool
    private var entries: [String: Entry] = [:]
    /// Who waits for a name that is being resolved.
    private var waiting: [String: [(Answer) -> Void]] = [:]

    init(on eventLoop: any EventLoop, threads: NIOThreadPool) {
        self.eventLoop = eventLoop
        self.threads = threads
    }

    /// Gives the addresses, at once when they are known. The caller's own timeout bounds the wait.
    func addresses(of host: String, at now: Instant, _ answer: @escaping (Answer) -> Void) {
        if let literal = IPAddress(host) { return answer(.success([literal])) }
        // A known name is answered at once, and asked about behind that when it has aged: a resolver that takes its time, or is kept
        // by other providers' dead names, is nobody's reason to fail.
        guard let entry = entries[host], now - entry.resolvedAt < GatewayLimits.staleAddressAge else {
            return resolve(host, answer)
        }
        answer(.success(entry.addresses))
        if now - entry.resolvedAt >= GatewayLimits.addressAge, waiting[host] == nil { resolve(host, nil) }
    }

    private func resolve(_ host: String, _ answer: ((Answer) -> Void)?) {
        let isAsked = waiting[host] != nil
        waiting[host, default: []] += answer.map { [$0] } ?? []
        guard !isAsked else { return }
        threads.runIfActive(eventLoop: eventLoop) { SystemResolver.resolve(host) }
            .assumeIsolated()
            .whenComplete { result in self.resolved(host, result.flatMap { $0.mapError { $0 } }) }
    }

    private func resolved(_ host: String, _ result: Result<[IPAddress], any Error>) {
        let answer: Answer
        switch result {
        case .success(let addresses):
            entries[host] = Entry(addresses: addresses, resolvedAt: GatewayClock.now())
            answer = .success(addresses)
        case .failure(let error):
            // Who waits has never heard of the name, or not for long: what is known stays as it is until it is too old.
            answer = .failure(error as? ResolutionError ?? ResolutionError(reason: "\(error)"))
        }
        for waiter in waiting.removeValue(forKey: host) ?? [] { waiter(answer) }
    }
}

/// Why a name has no addresses.
struct ResolutionError: Error, Equatable {
    /// gai_strerror(3).
    let reason: String
}

/// getaddrinfo(3).
private enum SystemResolver {
    /// Blocks, possibly for as long as resolv.conf(5) says.
    static func resolve(_ host: String) -> Result<[IPAddress], ResolutionError> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_family = AF_UNSPEC
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else { return .failure(ResolutionError(reason: String(cString: gai_strerror(status)))) }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next {
            if let address = address(entry.pointee), !addresses.contains(address) { addresses.append(address) }
            next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(ResolutionError(reason: "no address")) : .success(addresses)
    }

    private static func address(_ info: addrinfo) -> IPAddress? {
        guard let raw = UnsafeRawPointer(info.ai_addr) else { return nil }
        switch info.ai_family {
        case AF_INET:
            let bytes = raw.loadUnaligned(as: sockaddr_in.self).sin_addr
            return withUnsafeBytes(of: bytes) { IPAddress(bytes: $0) }
        case AF_INET6:
            let bytes = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: bytes) { IPAddress(bytes: $0) }
        default: return nil
        }
    }
}
