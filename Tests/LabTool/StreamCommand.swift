import Glibc
import LabText

/// `lab-tool stream`: sends numbered datagrams at a fixed rate to an echo and notes when each left and came back.
///
/// With several flows, packet n leaves by socket n mod flows: each flow has a source port of its own, so that a multipath route spreads
/// them. The rate is kept against the clock, not against the last packet: after a stall the missing ones are sent at once, and
/// the record holds the time each really left.
struct StreamCommand {
    private let endpoint: Endpoint
    private let rate: Int
    private let flows: Int
    private let seconds: Int
    private let lingerMilliseconds: Int

    /// Packets that may be recorded: 1000/s for more than an hour, 64 MiB of records.
    private static let mostPackets = 4 << 20
    /// Packets sent in one go after a stall, so that replies are read in between.
    private static let largestBurst = 64

    init(_ arguments: ArraySlice<String>) throws {
        let options = try CommandOptions(arguments, known: ["--to", "--rate", "--flows", "--seconds", "--linger"])
        endpoint = try Endpoint(options.required("--to"))
        rate = try options.integer("--rate", in: 1...100_000, absent: 1000)
        flows = try options.integer("--flows", in: 1...512, absent: 1)
        seconds = try options.integer("--seconds", in: 1...3600, absent: 3600)
        lingerMilliseconds = try options.integer("--linger", in: 0...10_000, absent: 300)
    }

    func run() throws {
        StopRequest.listen()
        var sockets: [CInt] = []
        for _ in 0..<flows { sockets.append(try connectedSocket()) }
        var record = StreamRecord()
        record.began = .now
        emit(["event": "ready", "at_ns": .integer(record.began.nanoseconds)])
        send(through: sockets, into: &record)
        let deadline = Moment.now.after(.milliseconds(lingerMilliseconds))
        while record.isMissingReplies && Moment.now < deadline { receive(from: sockets, waiting: 1, into: &record) }
        emit(record.report(rate: rate, flows: flows))
    }

    private func connectedSocket() throws -> CInt {
        let opened = try datagramSocket(family: endpoint.family)
        // Connecting binds the source address, which needs a route just now; the packets that follow are routed one by one.
        let connected = endpoint.withAddress { connect(opened.number, $0, $1) }
        guard connected == 0 else { throw SystemFailure("connect \(endpoint)") }
        return dup(opened.number)
    }

    private func send(through sockets: [CInt], into record: inout StreamRecord) {
        let end = record.began.after(.seconds(seconds))
        var now = Moment.now
        while !StopRequest.isMade && now < end && record.sent.count < StreamCommand.mostPackets {
            let due = min(dueCount(at: now, since: record.began), record.sent.count + StreamCommand.largestBurst)
            while record.sent.count < due { sendNext(through: sockets, into: &record) }
            receive(from: sockets, waiting: 0, into: &record)
            if dueCount(at: .now, since: record.began) <= record.sent.count {
                pause(until: record.began, plus: record.sent.count, on: sockets)
            }
            now = .now
        }
    }

    /// How many packets should have left by `now`.
    private func dueCount(at now: Moment, since began: Moment) -> Int {
        (now.nanoseconds - began.nanoseconds) * rate / 1_000_000_000 + 1
    }

    /// Waits until packet `index` is due or a reply comes.
    private func pause(until began: Moment, plus index: Int, on sockets: [CInt]) {
        let due = began.nanoseconds + index * 1_000_000_000 / rate
        let wait = max(0, min(due - Moment.now.nanoseconds, Int(StopRequest.longestWait) * 1_000_000))
        waitReadable(sockets, nanoseconds: wait)
    }

    private func sendNext(through sockets: [CInt], into record: inout StreamRecord) {
        let sequence = record.sent.count
        record.noteSending(at: .now)
        // A refused send (no route, an ICMP error kept for us) is a lost packet like any other: it stays unanswered.
        withUnsafeBytes(of: UInt64(sequence).bigEndian) {
            _ = Glibc.send(sockets[sequence % flows], $0.baseAddress, $0.count, 0)
        }
    }

    private func receive(from sockets: [CInt], waiting milliseconds: CInt, into record: inout StreamRecord) {
        var polled = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { return }
        for entry in polled where entry.revents != 0 {
            var sequence: UInt64 = 0
            while recv(entry.fd, &sequence, MemoryLayout<UInt64>.size, 0) == MemoryLayout<UInt64>.size {
                record.noteReceiving(UInt64(bigEndian: sequence), at: .now)
            }
        }
    }
}
