/// How one family of rtnetlink objects is followed: subscribed first, then dumped, on one socket.
///
/// Dump and notifications share the socket because its queue keeps them in the order in which the kernel made them; a socket per
/// family because an overflowing socket does not say what it lost.
import CShim
import Forwarding
import Glibc
import NetTypes

/// Not thread-safe: owned by one thread after it is made.
final class FamilySession {
    /// What a reading of the socket came upon.
    enum Progress {
        /// All that was there has been read.
        case upToDate
        /// There may be more; the reports are many enough to be handed on first.
        case more
        case dumpEnded([RouteSegment]?)
        /// The dump ended, but what it told is inconsistent.
        case dumpInterrupted
    }

    /// Reports handed on at once; enough to spread the cost of a hand-over, few enough to stay in the cache.
    private static let batchLimit = 1024
    private static let requestSize = 128

    let family: KernelFamily
    private var socket: NetlinkSocket
    private var reader = ReportReader()
    /// Packs the routes of a dump; nil: they are reported one by one.
    private var packer: RoutePacker?
    /// What was announced while routes were packed, and is newer than what was packed of it.
    private var held: [KernelReport] = []
    private let window: OwnershipWindow?
    private let watched: WatchedRoutes?
    private var request = MessageEncoder(capacity: FamilySession.requestSize)
    private var dump: RunningDump?

    private struct RunningDump {
        var sequence: UInt32
        var partsLeft: ArraySlice<AddressFamily?>
        var isInterrupted = false
    }

    var descriptor: Int32 { socket.descriptor }
    var isDumping: Bool { dump != nil }

    /// Opens the socket in the network namespace of the calling thread; subscribes when `follows`.
    ///
    /// - Parameter window: what is ours; nil tells of every route one by one.
    /// - Parameter watched: which routes are told of; nil: those that concern the window.
    /// - Parameter silent: the port of a socket whose changes are not announced to us, because it tells of them itself.
    init(
        _ family: KernelFamily,
        follows: Bool,
        receiveBuffer: Int32,
        window: OwnershipWindow? = nil,
        watched: WatchedRoutes? = nil,
        silent: UInt32? = nil
    ) throws(NetlinkFailure) {
        self.family = family
        self.window = family == .routes ? window : nil
        self.watched = watched ?? self.window.map { WatchedRoutes($0, RouteWatch()) }
        socket = try .open(.route, receiveBuffer: receiveBuffer)
        if family == .routes, let silent { try socket.passOver(port: silent) }
        if follows { for group in family.groups { try socket.join(group) } }
    }

    /// Asks for the whole family. Not to be called while a dump is running.
    func beginDump() throws(NetlinkFailure) {
        packer = window.map(RoutePacker.init)
        try ask(RunningDump(sequence: 0, partsLeft: family.dumpParts[...]))
    }

    /// Reads what is there, or waits until the deadline for the first of it, and appends the reports.
    ///
    /// Throws `overrun` when notifications were lost; a running dump goes on. Any other failure ends the dump.
    func read(into reports: inout [KernelReport], until deadline: Deadline) throws(NetlinkFailure) -> Progress {
        var deadline = deadline
        do throws(NetlinkFailure) {
            while reports.count < Self.batchLimit {
                if let end = try readDatagram(into: &reports, until: deadline) { return end }
                deadline = .passed
            }
            return .more
        } catch .deadline {
            return .upToDate
        } catch {
            if error != .overrun { (dump, packer) = (nil, nil) }
            throw error
        }
    }

    private func readDatagram(
        into reports: inout [KernelReport],
        until deadline: Deadline
    ) throws(NetlinkFailure) -> Progress? {
        var end: AnswerEnd?
        try socket.receive(until: deadline) { message, bytes throws(MalformedMessage) in
            if let dump, message.port == socket.port, message.sequence == dump.sequence {
                if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { self.dump?.isInterrupted = true }
                if let found = try AnswerEnd(message, in: bytes) { end = found }
            }
            if let report = try reader.report(message, in: bytes) { keep(report, isOfDump(message), &reports) }
            if let offload = try offload(message, in: bytes) { keep(offload, isOfDump(message), &reports) }
        }
        return try end.map { end throws(NetlinkFailure) in try endPart(end, &reports) } ?? nil
    }

    private func isOfDump(_ message: Message) -> Bool {
        message.port == socket.port && message.sequence == dump?.sequence
    }

    /// Routes of ours in a dump are packed; routes that can be in nobody's way are not told of.
    private func keep(_ report: KernelReport, _ isOfDump: Bool, _ reports: inout [KernelReport]) {
        switch report {
        case .route(let route):
            if let watched, !watched.concern(route) { return }
            if isOfDump, packer?.take(route) == true { return }
            if !isOfDump, packer != nil { held.append(report) } else { reports.append(report) }
        case .routeGone(let route):
            if let watched, !watched.concern(route) { return }
            if packer != nil { held.append(report) } else { reports.append(report) }
        // Of a packed route it is the only word, and of a group that waits for its dump's end it comes after it.
        case .routeOffload, .nexthopOffload:
            if packer != nil || isOfDump { held.append(report) } else { reports.append(report) }
        case .link, .linkGone, .address, .addressGone, .nexthop, .nexthopGone, .rule, .ruleGone: reports.append(report)
        }
    }

    /// What hardware says of an object, where it says anything; of strangers' routes that is nobody's concern.
    private func offload(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) -> KernelReport? {
        switch (family, Int(message.type)) {
        case (.routes, Int(RTM_NEWROUTE)):
            let flags = routeOffload(message, in: bytes)
            guard !flags.isEmpty, case .route(let route) = try routeReport(message, in: bytes),
                window?.owns(route) ?? true
            else { return nil }
            return .routeOffload(route.key, flags)
        case (.nexthops, Int(RTM_NEWNEXTHOP)):
            let flags = nexthopOffload(message, in: bytes)
            return flags.isEmpty ? nil : .nexthopOffload(try nexthopReading(message, in: bytes).id, flags)
        default: return nil
        }
    }

    /// What was announced while the dump ran, in the order of its arrival.
    func takeHeld() -> [KernelReport] {
        defer { held = [] }
        return held
    }

    /// One part of the dump is through: goes on to the next, if there is one.
    private func endPart(_ end: AnswerEnd, _ reports: inout [KernelReport]) throws(NetlinkFailure) -> Progress? {
        guard let dump else { return nil }
        if case .refused(let refusal) = end, ![EOPNOTSUPP, EAFNOSUPPORT].contains(refusal.errno) {
            throw .refused(refusal)
        }
        // A kernel without the address family has nothing of it.
        guard dump.partsLeft.isEmpty else {
            try ask(dump)
            return nil
        }
        self.dump = nil
        reports += reader.settle()
        let segments = packer?.finish()
        packer = nil
        return dump.isInterrupted ? .dumpInterrupted : .dumpEnded(segments)
    }

    private func ask(_ dump: RunningDump) throws(NetlinkFailure) {
        var dump = dump
        guard let part = dump.partsLeft.popFirst() else { return }
        dump.sequence = socket.nextSequence()
        request.reset()
        guard request.dump(family, part, sequence: dump.sequence) else { return }
        try request.withBytes { bytes throws(NetlinkFailure) in try socket.send(bytes) }
        self.dump = dump
    }
}
