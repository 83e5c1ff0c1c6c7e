/// How are the routes of a list put into messages? By copying a finished message and writing prefix and sequence number into the copy.
import CShim
import Forwarding
import NetTypes

/// The message of one route of a step, with a prefix to be filled in.
struct RouteTemplate {
    let bytes: [UInt8]
    /// Where the destination stands, `RTA_DST`'s value.
    let destination: Int
    /// `rtm_dst_len`, behind the message's header and `rtm_family`.
    static let length = MessageEncoder.headerSize + 1
    /// `nlmsg_seq` and `nlmsg_flags` in the message's header.
    static let sequence = 8
    static let flags = 6

    init(_ step: FeedStep, metric: UInt32, routeProtocol: UInt8) {
        let family = step.routes.family
        // All bits set, so that the address can be found in the message.
        let marker = IPPrefix(containing: IPAddress(family: family, high: .max, low: .max), length: .max)
        let key = Route.Key(table: Resolver.mainTable, prefix: marker, metric: metric)
        let route = Route(key: key, action: step.routes.action, routeProtocol: routeProtocol)
        var encoder = MessageEncoder(capacity: 256)
        _ = encoder.append(step.operation, route, sequence: 0)
        bytes = encoder.withBytes { Array($0) }
        // struct rtmsg (12 bytes), then RTA_TABLE (8), then the header of RTA_DST (4): the order of `routeHeader`.
        destination = MessageEncoder.headerSize + 12 + 8 + 4
    }
}

/// One send's worth of copies.
struct FeedBatch: ~Copyable {
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private var template: RouteTemplate?
    private var used = 0
    /// The routes by their places in the list; the first of them has the sequence number `first`, the others count up from it.
    private var indices: [Int] = []
    private var first: UInt32 = 1

    /// - Parameter capacity: bytes a send.
    init(capacity: Int) {
        base = .allocate(byteCount: capacity, alignment: 8)
        self.capacity = capacity
    }

    deinit { base.deallocate() }

    var count: Int { indices.count }
    var isEmpty: Bool { indices.isEmpty }
    var hasRoom: Bool { capacity - used >= template?.bytes.count ?? .max }

    /// Begins a send of this kind of message; its numbers go on where the last one's ended, so that a late answer is known as such.
    mutating func begin(_ template: RouteTemplate) {
        first &+= UInt32(truncatingIfNeeded: indices.count)
        indices.removeAll(keepingCapacity: true)
        used = 0
        self.template = template
    }

    /// Appends the route at the index of the list. There must be room.
    @inline(__always)
    mutating func append(_ routes: RouteSegment, _ index: Int) {
        guard let template, hasRoom else { return }
        let message = base + used
        template.bytes.withUnsafeBytes {
            message.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count)
        }
        message.storeBytes(
            of: first &+ UInt32(truncatingIfNeeded: indices.count),
            toByteOffset: RouteTemplate.sequence,
            as: UInt32.self
        )
        switch routes.family {
        case .v4:
            let prefix = routes.list.v4[index]
            message.storeBytes(of: prefix.length, toByteOffset: RouteTemplate.length, as: UInt8.self)
            message.storeBytes(of: prefix.address.bigEndian, toByteOffset: template.destination, as: UInt32.self)
        case .v6:
            let prefix = routes.list.v6[index]
            message.storeBytes(of: prefix.length, toByteOffset: RouteTemplate.length, as: UInt8.self)
            message.storeBytes(of: prefix.high.bigEndian, toByteOffset: template.destination, as: UInt64.self)
            message.storeBytes(of: prefix.low.bigEndian, toByteOffset: template.destination + 8, as: UInt64.self)
        }
        used += template.bytes.count
        indices.append(index)
    }

    /// The route that the answer is about, and whether it was the last; nil when it was not of this send.
    borrowing func index(of sequence: UInt32) -> (index: Int, isLast: Bool)? {
        let position = Int(sequence &- first)
        return position < indices.count ? (indices[position], position == indices.count - 1) : nil
    }

    /// The bytes of the send, whose last message asks for an acknowledgement.
    mutating func withBytes<Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        if let template, used > 0 {
            let flags = used - template.bytes.count + RouteTemplate.flags
            let asked = base.loadUnaligned(fromByteOffset: flags, as: UInt16.self) | UInt16(NLM_F_ACK)
            base.storeBytes(of: asked, toByteOffset: flags, as: UInt16.self)
        }
        try body(UnsafeRawBufferPointer(start: base, count: used))
    }
}

extension MessageEncoder {
    fileprivate mutating func append(_ operation: FeedStep.Operation, _ route: Route, sequence: UInt32) -> Bool {
        switch operation {
        case .add: addRoute(route, sequence: sequence)
        case .replace: setRoute(route, sequence: sequence)
        case .delete: deleteRoute(route, sequence: sequence)
        }
    }
}
