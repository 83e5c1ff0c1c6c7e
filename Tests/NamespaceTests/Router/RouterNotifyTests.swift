import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// Are hooks told, and is the router none the slower for hooks that are not well?
    @Suite(.serialized)
    struct NotifyTests {
        /// Answers 503 to the first two requests and 200 to all others, and writes down every body.
        private static let receiver = """
            import http.server, socket, socketserver, ssl, sys
            class Receiver(http.server.BaseHTTPRequestHandler):
                count = 0
                def do_POST(self):
                    body = self.rfile.read(int(self.headers['content-length'])).decode()
                    Receiver.count += 1
                    print(Receiver.count, self.path, self.headers['content-type'], body, end='', flush=True)
                    self.send_response(503 if Receiver.count <= 2 else 200)
                    self.end_headers()
                def log_message(self, *words): pass
            class Server(http.server.ThreadingHTTPServer):
                address_family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
                def server_bind(self):
                    # Not HTTPServer's, which asks the name service for the address first, and waits for that.
                    socketserver.TCPServer.server_bind(self)
            server = Server((sys.argv[1], 9000), Receiver)
            if len(sys.argv) > 2:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(sys.argv[2])
                server.socket = context.wrap_socket(server.socket, server_side=True)
            print('listening', file=sys.stderr, flush=True)
            server.serve_forever()
            """

        /// A web server at the address that is there when this returns.
        private func listen(_ arguments: String..., in namespace: Namespace) throws -> ChildProcess {
            let process = try namespace.spawn(["python3", "-c", Self.receiver] + arguments)
            try eventually("the receiver to listen", within: RouterUnderTest.patience) {
                process.errorOutput.contains("listening")
            }
            return process
        }

        private static func file(_ notify: String) -> String {
            RouterFile.links() + "  notify:\n" + notify
        }

        @Test(.timeLimit(.minutes(1)), arguments: Family.allCases)
        func aWebhookIsToldAndTriedAgain(family: Family) throws {
            let site = try RouterOnly()
            defer { site.tearDown() }
            let host = family == .v4 ? "127.0.0.1" : "::1"
            let url = family == .v4 ? "http://127.0.0.1:9000/martlet?x=1" : "http://[::1]:9000/martlet?x=1"
            let receiver = try listen(host, in: site.router)
            let hook = "    - { on: [member, group], webhook: \"\(url)\", timeout: 2s }\n"
            let router = try RouterUnderTest(Self.file(hook), in: site.router, of: site.workspace)
            try router.start()
            _ = try router.ask("drain", "wan.first")
            try eventually("a body about wan.first", within: RouterUnderTest.patience) {
                receiver.output.contains("wan.first is set to drain")
            }
            let lines = receiver.output.split(separator: "\n")
            #expect(lines.allSatisfy { $0.contains(" /martlet?x=1 application/json {") }, "\(lines)")
            let body = try #require(lines.first?.drop { $0 != "{" })
            let first = try JSON.parse(String(body))
            #expect(["member", "group"].contains(first["on"]?.string ?? "") && first["at"]?.integer != nil)
            // The first event came three times: twice it was answered 503.
            #expect(lines.count >= 4 && lines[0].drop { $0 != "{" } == lines[2].drop { $0 != "{" })
        }

        /// The format has no key for an authority of one's own: what the system does not trust is refused, once and by name.
        @Test(.timeLimit(.minutes(1)), arguments: Family.allCases)
        func aCertificateThatNobodyVouchesForIsRefusedAndTheAlarmSaysSo(family: Family) throws {
            let site = try RouterOnly()
            defer { site.tearDown() }
            let (host, shown) = family == .v4 ? ("127.0.0.1", "127.0.0.1") : ("::1", "[::1]")
            let certificate = site.workspace.path("receiver.pem")
            try site.router.run([
                try Programs.installed("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", certificate + ".key", "-out", certificate,
                "-subj", "/CN=receiver", "-addext", "subjectAltName=IP:\(host)", "-days", "2",
            ])
            try site.router.run(["sh", "-c", "cat '\(certificate).key' >> '\(certificate)'"])
            let receiver = try listen(host, certificate, in: site.router)
            let hook = "    - { on: [member, group], webhook: \"https://\(shown):9000/martlet\", timeout: 2s }\n"
            let router = try RouterUnderTest(Self.file(hook), in: site.router, of: site.workspace)
            try router.start()
            _ = try router.ask("drain", "wan.first")
            try router.waitForJournal("its certificate is not accepted")
            try eventually("an alarm", within: RouterUnderTest.patience) {
                try router.alarms.contains { $0.contains("certificate is not accepted") && $0.contains(shown) }
            }
            #expect(receiver.output.isEmpty, "nothing was told to it")
            #expect(try KernelState(of: site.router).shares("default", .v4) == ["eth1": 1], "the router goes on")
        }

        @Test(.timeLimit(.minutes(1)))
        func aHangingAndAFailingHookAreAlarmsAndDelayNothing() throws {
            let site = try RouterOnly()
            defer { site.tearDown() }
            let folder = site.workspace.path("hooks")
            _ = mkdir(folder, 0o755)
            let hanging = try script("hanging", "exec sleep 6\(getpid() % 1000)", in: folder)
            let failing = try script("failing", "echo something is wrong; exit 7", in: folder)
            let hooks = ["exec: \(hanging), timeout: 300ms", "exec: \(failing)"]
            let lines = hooks.map { "    - { on: [member, group, alarm], \($0) }\n" }.joined()
            let router = try RouterUnderTest(Self.file(lines), in: site.router, of: site.workspace)
            try router.start()
            let death = try site.carrierDown(0)
            try eventually("the group without the dead link", within: RouterUnderTest.patience, every: .milliseconds(5))
            {
                try KernelState(of: site.router).shares("default", .v4) == ["eth1": 1]
            }
            measured(
                "carrier loss to the group's change, with two hooks not well",
                Moment.now.milliseconds(since: death)
            )
            try router.waitForJournal("something is wrong")
            try router.waitForJournal("does not work: left with status 7")
            try router.waitForJournal("does not work: ended after 300ms")
            try eventually("an alarm each", within: .seconds(30)) {
                let alarms = try router.alarms
                return ["ended after 300ms", "left with status 7"].allSatisfy { words in
                    alarms.contains { $0.contains(words) }
                }
            }
            try router.end(with: SIGTERM)
            let left = try site.router.attempt(["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]).output
            #expect(!left.contains("sleep 6\(getpid() % 1000)"), "nothing of a hook is left")
        }

        private func script(_ name: String, _ lines: String, in folder: String) throws -> String {
            let path = folder + "/" + name
            try TextFile.write("#!/bin/sh\n\(lines)\n", to: path)
            guard chmod(path, 0o755) == 0 else { throw RouterUnderTest.Refused(description: "chmod \(path)") }
            return path
        }
    }
}
