/// The client against a socket: answers in every framing, refusals, and daemons that misbehave.
import Control
import Glibc
import NetTypes
import Testing

@Suite struct ControlClientTests {
    private static let impatient = ControlClient.Limits(
        connect: .seconds(5),
        answer: .milliseconds(200),
        body: 64 << 10,
        event: 4 << 10
    )

    private func client(_ server: ScriptedServer) -> ControlClient {
        ControlClient(socketPath: server.path, limits: Self.impatient)
    }

    private func failure(of body: () throws -> Void) -> ControlError? {
        do {
            try body()
            return nil
        } catch {
            return error as? ControlError
        }
    }

    @Test(arguments: [
        (Answers.ok(Answers.member), "by Content-Length"),
        (Answers.untilClose(Answers.member), "to the end of the connection"),
        (Answers.chunked([String(Answers.member.prefix(7)), String(Answers.member.dropFirst(7))]), "in chunks"),
        (Answers.ok(Answers.member) + "more", "with bytes after its end, which are not looked at"),
    ])
    func anAnswerIsReadHoweverItsEndIsTold(answer: String, how: String) throws {
        let server = try ScriptedServer(answering: answer)
        let reply = try client(server).set(AdminRequest(member: "wan.cable", admin: "drain"))
        #expect(reply == AdminReply(member: "wan.cable", admin: "drain", words: "wan.cable drains"), "\(how)")
        _ = server.finish()
    }

    @Test func aCallIsOneRequestWithItsBody() throws {
        let server = try ScriptedServer(answering: Answers.ok(Answers.member))
        _ = try client(server).set(AdminRequest(member: "wan.cable", admin: "drain", force: true))
        let body = #"{"admin":"drain","force":true,"member":"wan.cable"}"#
        let head = [
            "POST /v1/admin HTTP/1.1", "Host: martlet", "Accept: application/json", "Connection: close",
            "Content-Type: application/json", "Content-Length: \(body.utf8.count)",
        ]
        #expect(server.finish() == (head + ["", body]).joined(separator: "\r\n"))
    }

    @Test func anIdentifierCannotLeaveItsPathSegment() {
        let call = ControlCall.explainDecision(id: "a/../b c\r\nX: é")
        #expect(call.target.path == "/v1/explain/decision/a%2F..%2Fb%20c%0D%0AX%3A%20%C3%A9")
    }

    @Test func aRefusalGivesTheDaemonsOwnWords() throws {
        let body = #"{"errors":["martlet.yaml:3:1: error: no","second"],"hint":"do this"}"#
        let server = try ScriptedServer(answering: Answers.withLength("422 Unprocessable Content", body))
        let error = failure { _ = try client(server).apply(ApplyRequest(ConfigurationFiles(files: []))) }
        #expect(error?.isAnswer == true)
        #expect(error?.messages == ["martlet.yaml:3:1: error: no", "second"])
        #expect(error?.hint == "do this")
        _ = server.finish()
    }

    @Test func aRefusalWithoutWordsGivesTheStatus() throws {
        let server = try ScriptedServer(answering: Answers.withLength("503 Service Unavailable", "busy"))
        let error = failure { _ = try client(server).status() }
        #expect(error?.messages == ["the daemon answered 503"])
        _ = server.finish()
    }

    @Test(arguments: [
        ("", "nothing at all"),
        ("HTTP/1.1 200 OK\r\nContent-", "half a head"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "half a body"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "half a chunk"),
    ])
    func anAnswerThatEndsTooEarlyIsBrokenOff(answer: String, what: String) throws {
        let server = try ScriptedServer(answering: answer)
        #expect(failure { _ = try client(server).status() } == .brokenOff(path: server.path, code: 0), "\(what)")
        _ = server.finish()
    }

    @Test(arguments: [
        ("SSH-2.0-OpenSSH\r\n\r\n", "another protocol"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "chunks without a size"),
        (Answers.ok("{}"), "JSON of another shape"),
        (Answers.ok("[1"), "no JSON"),
    ])
    func anAnswerOfAnotherShapeIsNotUnderstood(answer: String, what: String) throws {
        let server = try ScriptedServer(answering: answer)
        let error = failure { _ = try client(server).status() }
        guard case .notUnderstood = error else {
            Issue.record("\(what) gave \(String(describing: error))")
            return
        }
        _ = server.finish()
    }

    struct Slowness: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [ScriptedServer.Step]
    }

    @Test(arguments: [
        Slowness(testDescription: "silence", steps: [.waitForClient]),
        Slowness(testDescription: "half a head", steps: [.send(Array("HTTP/1.1 200 OK\r\n".utf8)), .waitForClient]),
        // The deadline is for the whole answer, not for each piece.
        Slowness(
            testDescription: "bytes that keep dripping",
            steps: (0..<40).flatMap { _ in [.send(Array("X".utf8)), .pause(milliseconds: 25)] }
        ),
    ])
    func aSlowDaemonIsGivenUp(slowness: Slowness) throws {
        let server = try ScriptedServer(slowness.steps)
        let expected = ControlError.noAnswer(path: server.path, within: .milliseconds(200))
        #expect(failure { _ = try client(server).status() } == expected)
        _ = server.finish()
    }

    @Test(arguments: [true, false])
    func anAnswerLargerThanAllowedIsNotRead(endless: Bool) throws {
        let large = String(repeating: " ", count: 65 << 10)
        let server = try ScriptedServer(answering: endless ? Answers.untilClose(large) : Answers.ok(large))
        #expect(failure { _ = try client(server).status() } == .tooLarge(limit: 64 << 10))
        _ = server.finish()
    }

    @Test func aQuestionLargerThanTheSocketsBufferIsSentWhole() throws {
        let text = String(repeating: "# a comment line in a large file\n", count: 40_000)
        let server = try ScriptedServer(
            answering: Answers.ok(#"{"changes":[],"conflicts":[],"losses":[],"overrides":[],"pending":[]}"#)
        )
        let files = ConfigurationFiles(files: [.init(name: "martlet.yaml", text: text)])
        #expect(try client(server).plan(files).changes.isEmpty)
        #expect(server.finish().utf8.count > text.utf8.count)
    }

    @Test func anAnswerBeforeTheWholeQuestionIsStillRead() throws {
        let path = "/tmp/martlet-control-\(getpid())-early.sock"
        let server = try EarlyServer(
            path: path,
            answer: Answers.withLength("413 Content Too Large", #"{"errors":["too large"]}"#)
        )
        let text = String(repeating: "x", count: 4 << 20)
        let client = ControlClient(socketPath: path, limits: Self.impatient)
        let error = failure { _ = try client.plan(ConfigurationFiles(files: [.init(name: "a", text: text)])) }
        #expect(error == .refused(status: 413, ErrorReply(errors: ["too large"])))
        server.finish()
    }

    // MARK: Nobody there

    @Test func aMissingSocketSaysWhatToLookFor() {
        let error = failure { _ = try ControlClient(socketPath: "/tmp/no-such-martlet.sock").status() }
        #expect(error == .unreachable(path: "/tmp/no-such-martlet.sock", code: ENOENT))
        #expect(error?.messages == ["cannot reach the daemon at /tmp/no-such-martlet.sock: No such file or directory"])
        #expect(error?.hint == "is martletd running? is this its socket? (--socket, MARTLET_SOCKET)")
        #expect(error?.isAnswer == false)
    }

    @Test func aSocketNobodyListensOnSaysSo() throws {
        let server = try ScriptedServer(answering: Answers.ok(Answers.member))
        _ = try client(server).set(AdminRequest(member: "a.b", admin: "up"))
        let left = "/tmp/martlet-control-\(getpid())-left.sock"
        #expect(rename(server.path, left) == 0)
        defer { unlink(left) }
        _ = server.finish()
        let error = failure { _ = try ControlClient(socketPath: left).status() }
        #expect(error == .unreachable(path: left, code: ECONNREFUSED))
        #expect(error?.hint?.contains("systemctl start martletd") == true)
    }

    @Test func aForbiddenSocketNamesTheGroupThatMay() {
        let error = ControlError.unreachable(path: "/etc/martlet-no-such-socket", code: EACCES)
        #expect(error.hint == "use sudo, or be a member of the group 'root'")
    }

    @Test func aPathThatNoSocketCanHaveIsToldApart() {
        let path = "/" + String(repeating: "x", count: 200)
        #expect(failure { _ = try ControlClient(socketPath: path).status() } == .pathTooLong(path: path, limit: 107))
    }

    @Test func noFailedCallLeavesADescriptorOpen() {
        for _ in 0..<32 {
            _ = failure { _ = try ControlClient(socketPath: "/tmp/no-such-martlet.sock").status() }
        }
        // Tests that run beside this one hold a few of this kind for a moment.
        #expect((0..<1024).filter(Self.isUnconnectedUnixSocket).count < 32)
    }

    private static func isUnconnectedUnixSocket(_ descriptor: Int32) -> Bool {
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        var listens: Int32 = 0
        var optionSize = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &optionSize) == 0, listens == 0 else {
            return false
        }
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getpeername(descriptor, $0, &size) != 0 && errno == ENOTCONN
            }
        }
    }
}
