import Glibc
import LabText

/// `lab-tool post`: one HTTP/1.1 request, and when did each part of its answer come? One JSON line for the connection, for the head,
/// for each server-sent event (or the whole body of another answer) and for the end. `GET` when there is no body.
struct PostCommand {
    private let endpoint: Endpoint
    private let head: String
    private let body: [UInt8]
    private let timeoutMilliseconds: Int

    /// Bytes of request body read from a file.
    private static let largestBody = 16 << 20

    init(_ arguments: ArraySlice<String>) throws {
        let known = ["--to", "--path", "--header", "--body", "--timeout-ms"]
        let options = try CommandOptions(arguments, known: known)
        endpoint = try Endpoint(options.required("--to"))
        timeoutMilliseconds = try options.integer("--timeout-ms", in: 1...600_000, absent: 30_000)
        body = try options.value("--body").map(PostCommand.contents) ?? []
        let method = options.value("--body") == nil ? "GET" : "POST"
        var lines = ["\(method) \(try options.required("--path")) HTTP/1.1", "host: \(endpoint)", "connection: close"]
        if method == "POST" { lines += ["content-type: application/json", "content-length: \(body.count)"] }
        for header in options.values("--header") { lines.append(header) }
        head = lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    func run() throws {
        StopRequest.listen()
        let deadline = Moment.now.after(.milliseconds(timeoutMilliseconds))
        emit(["event": "ready", "at_ns": .integer(Moment.now.nanoseconds)])
        let opened = try Descriptor(socket(endpoint.family, CInt(SOCK_STREAM.rawValue), 0), from: "socket")
        // Covers the connection too: a silent network must not hold the command past its time.
        var limit = timeval(tv_sec: timeoutMilliseconds / 1000, tv_usec: timeoutMilliseconds % 1000 * 1000)
        setsockopt(opened.number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard endpoint.withAddress({ connect(opened.number, $0, $1) }) == 0 else {
            return end("connect: \(String(cString: strerror(errno)))")
        }
        emit(["event": "connected", "at_ns": .integer(Moment.now.nanoseconds)])
        let request = Array(head.utf8) + body
        guard send(opened.number, request, request.count, CInt(MSG_NOSIGNAL)) == request.count else {
            return end("send: \(String(cString: strerror(errno)))")
        }
        end(receive(from: opened.number, until: deadline))
    }

    private func end(_ outcome: String) {
        emit(["event": "end", "at_ns": .integer(Moment.now.nanoseconds), "outcome": .string(outcome)])
    }

    /// Prints the answer as it comes; gives how it ended.
    private func receive(from socket: CInt, until deadline: Moment) -> String {
        var answer = AnswerReader()
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while !answer.isComplete {
            let left = Int(deadline.milliseconds(since: .now))
            guard left > 0 else { return "timeout" }
            if StopRequest.isMade { return "stopped" }
            var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&polled, 1, CInt(min(left, Int(StopRequest.longestWait)))) > 0 else { continue }
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0 { return "receive: \(String(cString: strerror(errno)))" }
            if count == 0 { return answer.endOfStream() }
            for line in answer.take(buffer[..<count]) { emit(line) }
        }
        return "complete"
    }

    private static func contents(_ path: String) throws -> [UInt8] {
        let file = try Descriptor(open(path, O_RDONLY), from: "open \(path)")
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < largestBody {
            let count = read(file.number, &buffer, buffer.count)
            guard count >= 0 else { throw SystemFailure("read \(path)") }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
