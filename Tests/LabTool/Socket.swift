import Glibc
import LabText

/// How are the lab's plain POSIX sockets opened and named?

/// A system call that was refused.
struct SystemFailure: Error, CustomStringConvertible {
    var call: String
    var code: CInt
    var description: String { "\(call): \(String(cString: strerror(code)))" }

    /// The failure of `call`, by the present `errno`.
    init(_ call: String) {
        self.call = call
        code = errno
    }
}

/// A file descriptor that is closed with its owner.
struct Descriptor: ~Copyable {
    let number: CInt

    /// Takes `number`, the result of `call`; a negative one is that call's failure.
    init(_ number: CInt, from call: String) throws {
        guard number >= 0 else { throw SystemFailure(call) }
        self.number = number
    }

    deinit { close(number) }
}

/// An address and a port, written `192.0.2.7:7` or `[2001:db8:53::7]:7`.
struct Endpoint: CustomStringConvertible {
    var description: String
    private var storage = sockaddr_storage()
    private var length: socklen_t = 0

    var family: CInt { CInt(storage.ss_family) }

    init(_ text: String) throws(CommandOptions.Misuse) {
        description = text
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw CommandOptions.Misuse("\(text) is no ADDRESS:PORT")
        }
        let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
        guard setV4(host, port) || setV6(host, port) else { throw CommandOptions.Misuse("\(host) is no address") }
    }

    /// The same address with a port that is higher by `offset`, around the end of 16 bits.
    func moved(by offset: Int) -> Endpoint {
        var moved = self
        withUnsafeMutableBytes(of: &moved.storage) { bytes in
            // The port stands behind the family, in both families.
            let port = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
            bytes.storeBytes(
                of: (port &+ UInt16(truncatingIfNeeded: offset)).bigEndian,
                toByteOffset: 2,
                as: UInt16.self
            )
        }
        return moved
    }

    /// Calls `body` with the address as the socket calls want it.
    func withAddress<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    private mutating func setV4(_ host: String, _ port: UInt16) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return false }
        store(address)
        return true
    }

    private mutating func setV6(_ host: String, _ port: UInt16) -> Bool {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return false }
        store(address)
        return true
    }

    private mutating func store<Address>(_ address: Address) {
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
        length = socklen_t(MemoryLayout<Address>.size)
    }
}

/// A UDP socket, not blocking.
func datagramSocket(family: CInt) throws -> Descriptor {
    let kind = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    let opened = try Descriptor(socket(family, kind, 0), from: "socket")
    var bytes: CInt = 4 << 20  // a burst of a second at 10,000 packets/s fits
    setsockopt(opened.number, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<CInt>.size))
    return opened
}

/// Waits until one of `descriptors` can be read, at most `nanoseconds`. (`poll` knows only milliseconds, and `ppoll` is not to be had
/// from Swift's view of glibc.)
///
/// - Precondition: every descriptor is below 1024, FD_SETSIZE.
func waitReadable(_ descriptors: [CInt], nanoseconds: Int) {
    var set = fd_set()
    withUnsafeMutableBytes(of: &set) { bits in
        for descriptor in descriptors { bits[Int(descriptor) / 8] |= 1 << UInt8(descriptor % 8) }
    }
    var time = timespec(tv_sec: 0, tv_nsec: nanoseconds)
    pselect((descriptors.max() ?? -1) + 1, &set, nil, nil, &time, nil)
}
