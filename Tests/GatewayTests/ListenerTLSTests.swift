/// Listeners show a certificate, the right one, and never serve plain what is to be secret.
import Glibc
import Inference
import NIOCore
import NIOSSL
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct ListenerTLSTests {
        private static func identity(_ certificate: TestFile, _ key: TestFile? = nil) -> GatewayIdentity {
            GatewayIdentity(certificate: .file(certificate.path), key: .file((key ?? certificate).path))
        }

        private static func gateway(_ provider: MockProvider, _ tls: GatewayIdentity) throws -> GatewayUnderTest {
            try GatewayUnderTest(ports: [provider.port]) {
                $0.listeners = [GatewayListener(address: "127.0.0.1:8443", tls: tls)]
            }
        }

        private static func relay(
            _ gateway: GatewayUnderTest,
            _ protocols: [String] = [],
            name: String? = "localhost"
        ) throws -> TLSRelay {
            try TLSRelay(.client(try Certificate.trusting(protocols), name: name), to: gateway.port)
        }

        @Test func requestsAndStreamsAreServedInTLS() throws {
            let provider = try MockProvider {
                $0.write(Mock.streamHead + Mock.word("one") + Mock.stop + Mock.end) ? .keep : .close
            }
            let file = try TestFile(of: .server)
            let gateway = try Self.gateway(provider, Self.identity(file))
            let relay = try Self.relay(gateway, ["http/1.1"])
            let client = try TestClient(relay.port)
            for _ in 0..<3 {
                let answer = try #require(client.chat(isStreamed: true))
                #expect(answer.status == 200 && answer.isComplete && answer.body.contains("[DONE]"))
            }
            #expect(relay.protocols == ["http/1.1"] && relay.errors.isEmpty, "\(relay.errors)")
            #expect(gateway.standing { $0.isEmpty } != nil)
            try gateway.stop()
        }

        @Test func aLargeBodyComesThroughInTLS() throws {
            let provider = try MockProvider(Mock.plain)
            let file = try TestFile(of: .server)
            let gateway = try Self.gateway(provider, Self.identity(file))
            let relay = try Self.relay(gateway)
            let text = String(repeating: "x", count: 300_000)
            let body = #"{"model":"chat","messages":[{"role":"user","content":"\#(text)"}]}"#
            #expect(try TestClient(relay.port).ask(TestClient.request(body: body))?.status == 200)
            #expect(provider.requests.first?.contains(text) == true)
            try gateway.stop()
        }

        @Test func plainBytesAreNotServedWhereTLSIs() throws {
            let provider = try MockProvider(Mock.plain)
            let file = try TestFile(of: .server)
            let gateway = try Self.gateway(provider, Self.identity(file))
            let client = try TestClient(gateway.port)
            #expect(client.chat(isStreamed: false) == nil)
            #expect(provider.requests.isEmpty)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func oldVersionsOfTLSAreNotSpoken() throws {
            let file = try TestFile(of: .server)
            let gateway = try Self.gateway(try MockProvider(Mock.plain), Self.identity(file))
            let old = try Certificate.trusting(version: .tlsv11)
            let relay = try TLSRelay(.client(old, name: "localhost"), to: gateway.port)
            #expect(try TestClient(relay.port).chat(isStreamed: false) == nil)
            #expect(eventually { !relay.errors.isEmpty })
            try gateway.stop()
        }

        /// The stream began under the certificate before, and ends under it.
        @Test func aRenewedCertificateIsShownWithoutCuttingAStream() throws {
            let provider = try MockProvider { connection in
                connection.write(Mock.streamHead + Mock.word("one"))
                usleep(400_000)
                return connection.write(Mock.word("two") + Mock.stop + Mock.end) ? .keep : .close
            }
            let file = try TestFile(of: .server)
            let gateway = try Self.gateway(provider, Self.identity(file))
            let before = try Self.relay(gateway, name: "localhost")
            let streaming = try TestClient(before.port)
            streaming.socket.write(TestClient.request(body: TestClient.chat(isStreamed: true)))
            #expect(streaming.line(through: "one") != nil)
            try file.replace(with: .otherHost)
            try gateway.reload { _ in }
            let after = try Self.relay(gateway, name: "other.example.com")
            #expect(try TestClient(after.port).ask(TestClient.request("GET", "/health/live", key: nil))?.status == 200)
            #expect(streaming.line(through: "[DONE]") != nil)
            #expect(try TestClient(before.port).ask(TestClient.request("GET", "/health/live", key: nil)) == nil)
            try gateway.stop()
        }

        @Test func whatCannotBeShownIsAnAlarmAndServesNobody() throws {
            let provider = try MockProvider(Mock.plain)
            let (right, next, expired) = (
                try TestFile(of: .server), try TestFile(of: .serverNext), try TestFile(of: .serverExpired)
            )
            let (nothing, open) = (try TestFile(Array("nothing".utf8)), try TestFile(of: .server))
            chmod(open.path, 0o644)
            let cases: [(GatewayIdentity, String)] = [
                (GatewayIdentity(certificate: .file("/nowhere"), key: .file(right.path)), "No such file or directory"),
                (Self.identity(nothing, right), "no certificate in PEM"),
                (Self.identity(right, nothing), "no private key in PEM"),
                (Self.identity(right, open), "chmod 600"),
                (Self.identity(right, next), "the key does not belong to the certificate"),
                (Self.identity(expired), "the certificate ended on Fri, 01 Jan 2021"),
                (
                    GatewayIdentity(certificate: .environment("MARTLET_NOT_SET"), key: .file(right.path)),
                    "it is not set"
                ),
            ]
            let gateway = try Self.gateway(provider, cases[0].0)
            for (identity, words) in cases {
                try gateway.reload { $0.listeners[0].tls = identity }
                let alarms = try #require(gateway.standing { $0.first?.detail.contains(words) == true }, "\(words)")
                #expect(alarms.map(\.code) == [.listenerUnserved] && alarms[0].object == "listener 127.0.0.1:8443")
                #expect(alarms[0].detail.hasSuffix("its connections are closed"))
                #expect(try TestClient(gateway.port).chat(isStreamed: false) == nil, "never plain instead")
            }
            try gateway.reload { $0.listeners[0].tls = Self.identity(right) }
            #expect(gateway.standing { $0.isEmpty } != nil)
            // What is shown stays when its successor is worth nothing.
            try gateway.reload { $0.listeners[0].tls = Self.identity(expired) }
            let alarms = try #require(gateway.standing { !$0.isEmpty })
            #expect(alarms[0].detail.hasSuffix("the certificate before is shown"))
            let relay = try Self.relay(gateway)
            #expect(try TestClient(relay.port).chat(isStreamed: false)?.status == 200)
            try gateway.stop()
        }

        @Test func aCertificateThatEndsSoonIsAnAlarmWhileItServes() throws {
            let file = try TestFile(of: .server)
            let identity = Self.identity(file)
            var desk = ListenerDesk(count: 2)
            let listeners = [GatewayListener(address: "a", tls: identity), GatewayListener(address: "b")]
            let end = try ServerIdentity.read(identity, SecretStore(), keeping: nil, at: 1_800_000_000).endsAt
            #expect(desk.use(listeners, SecretStore(), at: end - 8 * 86_400).isEmpty)
            #expect(desk.use(listeners, SecretStore(), at: end - 6 * 86_400).map(\.code) == [.certificateEnding])
            #expect(desk.use(listeners, SecretStore(), at: end).map(\.code) == [.listenerUnserved])
            guard case .tls = desk.terms[0].now, case .plain = desk.terms[1].now else {
                Issue.record("\(desk.terms[0].now) \(desk.terms[1].now)")
                return
            }
        }

        @Test func whatIsUnchangedIsNotMadeAnew() throws {
            let file = try TestFile(of: .server)
            let first = try ServerIdentity.read(Self.identity(file), SecretStore(), keeping: nil, at: 1_800_000_000)
            let again = try ServerIdentity.read(Self.identity(file), SecretStore(), keeping: first, at: 1_800_000_001)
            #expect(first === again)
            try file.replace(with: .serverNext)
            let other = try ServerIdentity.read(Self.identity(file), SecretStore(), keeping: first, at: 1_800_000_002)
            #expect(other !== first)
        }

        /// A socket that the snapshot knows nothing of.
        @Test func aSocketWithoutTermsTakesNothing() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port]) { $0.listeners = [] }
            #expect(try TestClient(gateway.port).chat(isStreamed: false) == nil)
            try gateway.stop()
        }
    }
}
