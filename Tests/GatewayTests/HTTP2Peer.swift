/// HTTP/2 by hand: frames as bytes on plain sockets (RFC 9113 §4), so that a test can say what no library would.
import Glibc
import NIOCore
import NIOHPACK

struct RawFrame: Equatable {
    enum Kind {
        static let data: UInt8 = 0, headers: UInt8 = 1, reset: UInt8 = 3, settings: UInt8 = 4, ping: UInt8 = 6
        static let pushPromise: UInt8 = 5, goAway: UInt8 = 7, windowUpdate: UInt8 = 8, continuation: UInt8 = 9
    }

    static let endStream: UInt8 = 1, ack: UInt8 = 1, endHeaders: UInt8 = 4

    var kind: UInt8
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    var bytes: [UInt8] {
        let length = UInt32(payload.count)
        let head: [UInt8] = [UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), kind, flags]
        return head + Self.word(stream) + payload
    }

    static func word(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }

    static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    static func setting(_ number: UInt8, _ value: UInt32) -> [UInt8] { [0, number] + word(value) }
}

/// What came of one stream.
struct StreamAnswer {
    var fields: [(String, String)] = []
    var body: [UInt8] = []
    var isComplete = false
    /// Bytes of its heads as HPACK writes them.
    var headBytes = 0
    /// The code of RST_STREAM.
    var reset: UInt32?

    var status: Int? { self[":status"].flatMap { Int($0) } }
    var text: String { String(decoding: body, as: UTF8.self) }
    var isOver: Bool { isComplete || reset != nil }
    subscript(name: String) -> String? { fields.last { $0.0 == name }?.1 }
}

/// One end of a connection of HTTP/2; either, by the preface that it begins with.
final class HTTP2Peer {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    let socket: TestSocket
    private var buffer: [UInt8] = []
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    /// Whether more is asked for as it comes; streams that are never given more, whatever this says.
    var grants = true
    var starved: Set<UInt32> = []
    private(set) var streams: [UInt32: StreamAnswer] = [:]
    /// Streams in the order in which their head came.
    private(set) var order: [UInt32] = []
    /// The last stream and the code of each GOAWAY.
    private(set) var goAways: [(last: UInt32, code: UInt32)] = []
    private(set) var settings: [UInt16: UInt32] = [:]
    /// Bytes that we may send beyond the first window, by stream; 0: on the connection. And what was sent.
    private var granted: [UInt32: Int] = [:]
    private var sent: [UInt32: Int] = [:]
    private(set) var hasEnded = false

    /// A client's end.
    convenience init(_ port: UInt16, settings: [UInt8] = []) throws {
        self.init(client: try TestSocket.connected(to: port), settings: settings)
    }

    convenience init(client socket: TestSocket, settings: [UInt8] = []) {
        self.init(socket)
        // It says what it allows, and keeps what it is sent.
        decoder.maxDynamicTableLength = 1 << 31
        socket.write(Self.preface + RawFrame(kind: RawFrame.Kind.settings, payload: settings).bytes)
    }

    private init(_ socket: TestSocket) { self.socket = socket }

    /// A server's end; nil when the client does not begin as one of HTTP/2.
    static func serving(_ socket: TestSocket, settings: [UInt8] = []) -> HTTP2Peer? {
        let peer = HTTP2Peer(socket)
        while peer.buffer.count < preface.count {
            let bytes = socket.read()
            if bytes.isEmpty { return nil }
            peer.buffer += bytes
        }
        guard Array(peer.buffer.prefix(preface.count)) == preface else { return nil }
        peer.buffer.removeFirst(preface.count)
        peer.send(RawFrame.Kind.settings, payload: settings)
        return peer
    }

    // MARK: Saying

    @discardableResult
    func send(_ kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, payload: [UInt8] = []) -> Bool {
        socket.write(RawFrame(kind: kind, flags: flags, stream: stream, payload: payload).bytes)
    }

    /// A block in which every field is literal, and no table is used (RFC 7541 §6.2.2).
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + string($0.0) + string($0.1) }
    }

    private static func string(_ text: String) -> [UInt8] {
        var length = text.utf8.count
        guard length >= 127 else { return [UInt8(length)] + Array(text.utf8) }
        var bytes: [UInt8] = [127]
        length -= 127
        while length >= 128 {
            bytes.append(UInt8(length % 128 + 128))
            length /= 128
        }
        return bytes + [UInt8(length)] + Array(text.utf8)
    }

    /// HEADERS, and CONTINUATION for what does not fit into a frame.
    func head(_ fields: [(String, String)], stream: UInt32, isLast: Bool) {
        var rest = Self.block(fields)[...]
        var kind = RawFrame.Kind.headers
        var flags: UInt8 = isLast ? RawFrame.endStream : 0
        repeat {
            let piece = Array(rest.prefix(16_000))
            rest = rest.dropFirst(16_000)
            if rest.isEmpty { flags |= RawFrame.endHeaders }
            send(kind, flags: flags, stream: stream, payload: piece)
            (kind, flags) = (RawFrame.Kind.continuation, 0)
        } while !rest.isEmpty
    }

    func body(_ text: String, stream: UInt32, isLast: Bool) {
        send(RawFrame.Kind.data, flags: isLast ? RawFrame.endStream : 0, stream: stream, payload: Array(text.utf8))
    }

    /// Sends a long body as fast as the windows allow (RFC 9113 §6.9).
    /// - Returns: false when the stream was over before all was sent.
    @discardableResult
    func upload(_ bytes: [UInt8], stream: UInt32, isLast: Bool) -> Bool {
        wait { $0.settings[4] != nil }
        var rest = bytes[...]
        while !rest.isEmpty {
            let ofConnection = 65_535 + granted[0, default: 0] - sent[0, default: 0]
            let ofStream = Int(settings[4] ?? 65_535) + granted[stream, default: 0] - sent[stream, default: 0]
            let room = min(ofConnection, ofStream, 16_384)
            guard room > 0 else {
                let before = granted
                wait { $0.granted != before || $0.streams[stream]?.isOver == true }
                if granted == before { return false }
                continue
            }
            let piece = Array(rest.prefix(room))
            rest = rest.dropFirst(room)
            for one in [0, stream] { sent[one, default: 0] += piece.count }
            let flags = isLast && rest.isEmpty ? RawFrame.endStream : 0
            guard send(RawFrame.Kind.data, flags: flags, stream: stream, payload: piece) else { return false }
        }
        return true
    }

    func reset(_ stream: UInt32, _ code: UInt32) {
        send(RawFrame.Kind.reset, stream: stream, payload: RawFrame.word(code))
    }

    func goAway(last: UInt32, _ code: UInt32 = 0) {
        send(RawFrame.Kind.goAway, payload: RawFrame.word(last) + RawFrame.word(code))
    }

    func grant(_ bytes: UInt32, stream: UInt32) {
        send(RawFrame.Kind.windowUpdate, stream: stream, payload: RawFrame.word(bytes))
    }

    // MARK: Hearing

    /// Takes frames until this holds.
    /// - Returns: false when the connection ended before, or nothing came for longer than the socket's timeout.
    @discardableResult
    func wait(_ condition: (HTTP2Peer) -> Bool) -> Bool {
        while !condition(self) {
            guard let frame = next() else {
                hasEnded = true
                return condition(self)
            }
            take(frame)
        }
        return true
    }

    /// The answer on a stream, once it is over.
    func answer(_ stream: UInt32) -> StreamAnswer? {
        wait { $0.streams[stream]?.isOver == true } ? streams[stream] : nil
    }

    private func next() -> RawFrame? {
        guard let head = bytes(9) else { return nil }
        let length = Int(RawFrame.word(head[0..<3]))
        guard let payload = bytes(length) else { return nil }
        return RawFrame(kind: head[3], flags: head[4], stream: RawFrame.word(head[5..<9]), payload: Array(payload))
    }

    private func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        while buffer.count < count {
            let more = socket.read()
            if more.isEmpty { return nil }
            buffer += more
        }
        defer { buffer.removeFirst(count) }
        return buffer[..<count]
    }

    private func take(_ frame: RawFrame) {
        let isLast = frame.flags & RawFrame.endStream != 0
        switch frame.kind {
        case RawFrame.Kind.headers: takeHead(frame, isLast)
        case RawFrame.Kind.data:
            streams[frame.stream, default: StreamAnswer()].body += frame.payload
            if isLast { streams[frame.stream]?.isComplete = true }
            if grants, !frame.payload.isEmpty {
                grant(UInt32(frame.payload.count), stream: 0)
                if !isLast, !starved.contains(frame.stream) {
                    grant(UInt32(frame.payload.count), stream: frame.stream)
                }
            }
        case RawFrame.Kind.reset:
            streams[frame.stream, default: StreamAnswer()].reset = RawFrame.word(frame.payload[...])
        case RawFrame.Kind.settings where frame.flags & RawFrame.ack == 0:
            for place in stride(from: 0, to: frame.payload.count - 5, by: 6) {
                let number = UInt16(RawFrame.word(frame.payload[place..<(place + 2)]))
                settings[number] = RawFrame.word(frame.payload[(place + 2)..<(place + 6)])
            }
            send(RawFrame.Kind.settings, flags: RawFrame.ack)
        case RawFrame.Kind.windowUpdate:
            granted[frame.stream, default: 0] += Int(RawFrame.word(frame.payload[...]))
        case RawFrame.Kind.ping where frame.flags & RawFrame.ack == 0:
            send(RawFrame.Kind.ping, flags: RawFrame.ack, payload: frame.payload)
        case RawFrame.Kind.goAway:
            goAways.append((RawFrame.word(frame.payload[0..<4]), RawFrame.word(frame.payload[4..<8])))
        default: break
        }
    }

    /// Ours fit into a frame.
    private func takeHead(_ frame: RawFrame, _ isLast: Bool) {
        var block = ByteBuffer(bytes: frame.payload)
        let fields = (try? decoder.decodeHeaders(from: &block)).map { $0.map { ($0.name, $0.value) } }
        if streams[frame.stream] == nil { order.append(frame.stream) }
        streams[frame.stream, default: StreamAnswer()].fields += fields ?? []
        streams[frame.stream]?.headBytes += frame.payload.count
        if isLast { streams[frame.stream]?.isComplete = true }
    }
}

extension HTTP2Peer {
    static func request(
        _ method: String = "POST",
        _ path: String = "/v1/chat/completions",
        more: [(String, String)] = []
    ) -> [(String, String)] {
        [
            (":method", method), (":scheme", "https"), (":authority", "gateway"), (":path", path),
            ("authorization", "Bearer \(GatewayUnderTest.key)"),
        ] + more
    }

    /// Asks for a chat.
    func chat(_ stream: UInt32, isStreamed: Bool) {
        head(Self.request(more: [("content-type", "application/json")]), stream: stream, isLast: false)
        body(TestClient.chat(isStreamed: isStreamed), stream: stream, isLast: true)
    }

    /// Asks for what needs no body.
    func get(_ path: String, _ stream: UInt32) { head(Self.request("GET", path), stream: stream, isLast: true) }
}
