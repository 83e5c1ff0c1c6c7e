/// How a program of the operator's own is run for an event: without a shell, in a process group of its own, with the event on
/// standard input, for a limited time, its output kept short.
import CShim
import Foundation
import NetTypes
import Probing

struct ExecHook {
    let path: String
    let limit: Span

    /// Of its output; a hook that says more is cut short in the journal, not ended.
    private static let mostOutput = 4096
    private static let mostLines = 16
    /// From the request to end to the end by force.
    private static let grace = Span.seconds(1)
    /// How often a running program looks whether the daemon stops.
    private static let glance: Int64 = 100
    private static let environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
    ]

    /// Runs it to its end.
    func run(_ notice: Notice, _ isStopping: () -> Bool) -> HookOutcome {
        guard let input = HookPipe(), let output = HookPipe() else {
            return HookOutcome(.again("no descriptor is left"))
        }
        let pid = spawn(Self.environment + notice.environment, input: input.reading, output: output.writing)
        input.closeReading()
        output.closeWriting()
        guard pid > 0 else { return HookOutcome(.refused("cannot be started: \(String(cString: strerror(-pid)))")) }
        input.write(notice.json)
        input.closeWriting()
        let (status, text) = watch(pid, output, isStopping)
        return HookOutcome(Self.result(status, limit), output: Self.lines(text))
    }

    private func spawn(_ environment: [String], input: Int32, output: Int32) -> pid_t {
        var argv: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        return martlet_spawn_hook(path, &argv, &envp, input, output)
    }

    /// Nil for a program that was ended because its time was over.
    private func watch(_ pid: pid_t, _ output: HookPipe, _ isStopping: () -> Bool) -> (status: Int32?, text: [UInt8]) {
        let began = BootClock.now()
        let process = martlet_open_pidfd(pid)
        defer { if process >= 0 { close(process) } }
        var text: [UInt8] = []
        var isOver = false
        while !hasEnded(process, output, &text) {
            let age = BootClock.now() - began
            if age > limit + Self.grace { break }
            if !isOver, age > limit || isStopping() {
                isOver = true
                kill(-pid, SIGTERM)
            }
            if isOver, isStopping() { break }
        }
        // Whatever it left behind in its group goes with it. Its id cannot be another's before it is reaped.
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        output.drain(into: &text, most: Self.mostOutput)
        return (isOver ? nil : status, text)
    }

    /// Waits a moment for output or the end.
    private func hasEnded(_ process: Int32, _ output: HookPipe, _ text: inout [UInt8]) -> Bool {
        var polled = [
            pollfd(fd: process, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output.reading, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&polled, 2, Int32(Self.glance)) > 0 else { return false }
        if polled[1].revents != 0 { output.drain(into: &text, most: Self.mostOutput) }
        return polled[0].revents != 0
    }

    private static func result(_ status: Int32?, _ limit: Span) -> HookOutcome.Result {
        guard let status else { return .refused("ended after \(limit)") }
        if status & 0x7F != 0 { return .refused("killed by signal \(status & 0x7F)") }
        let code = status >> 8 & 0xFF
        return code == 0 ? .done : .refused("left with status \(code)")
    }

    private static func lines(_ text: [UInt8]) -> [String] {
        String(decoding: text, as: UTF8.self).split(separator: "\n").prefix(mostLines).map(String.init)
    }
}

/// Both ends of a pipe; used on one thread.
private final class HookPipe {
    private(set) var reading: Int32
    private(set) var writing: Int32

    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        // Our children close what they are not given: nothing is lost between these two calls.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        closeReading()
        closeWriting()
    }

    func closeReading() {
        if reading >= 0 { close(reading) }
        reading = -1
    }

    func closeWriting() {
        if writing >= 0 { close(writing) }
        writing = -1
    }

    /// Writes what a pipe takes at once (64 KiB, pipe(7)); an event is far smaller. A program that does not read loses it.
    func write(_ bytes: [UInt8]) {
        _ = fcntl(writing, F_SETFL, O_NONBLOCK)
        _ = bytes.withUnsafeBytes { Foundation.write(writing, $0.baseAddress, $0.count) }
    }

    /// Reads all that is there; what is beyond `most` is thrown away, and the end of the stream is left alone.
    func drain(into text: inout [UInt8], most: Int) {
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(reading, &buffer, buffer.count)
            guard count > 0 else {
                // Nobody writes any more: a closed pipe would wake the poll for ever.
                if count == 0 { closeReading() }
                return
            }
            text += buffer.prefix(count).prefix(max(0, most - text.count))
        }
    }
}
