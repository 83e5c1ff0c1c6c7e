/// A provider in TLS is believed by its authority, its name and its dates, or not asked at all.
import Glibc
import Inference
import NIOCore
import NIOSSL
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct ProviderTLSTests {
        private static func gateway(_ ports: [UInt16], ca: GatewaySecret? = .file(Certificate.authority)) throws
            -> GatewayUnderTest
        {
            try GatewayUnderTest(ports: ports) { snapshot in
                for place in snapshot.providers.indices {
                    snapshot.providers[place].isTLS = true
                    snapshot.providers[place].ca = ca
                }
            }
        }

        @Test func aProviderOfOurAuthorityIsAskedAndItsConnectionKept() throws {
            let provider = try MockProvider(Mock.plain)
            let front = try TLSRelay(.server(try Certificate.server.context()), to: provider.port)
            let gateway = try Self.gateway([front.port])
            let client = try TestClient(gateway.port)
            for _ in 0..<3 { #expect(client.chat(isStreamed: false)?.status == 200) }
            #expect(provider.requests.count == 3 && provider.connections == 1)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test(arguments: [
            (Certificate.otherHost, "another name's"),
            (.serverExpired, "expired, or of no authority"),
            (.selfSigned, "expired, or of no authority"),
        ])
        func aCertificateThatProvesNothingIsFailedOverAtOnce(_ certificate: Certificate, _ words: String) throws {
            let (impostor, honest) = (try MockProvider(Mock.plain), try MockProvider(Mock.plain))
            let wrong = try TLSRelay(.server(try certificate.context()), to: impostor.port)
            let right = try TLSRelay(.server(try Certificate.server.context()), to: honest.port)
            let gateway = try Self.gateway([wrong.port, right.port])
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 200)
            let record = try #require(gateway.record())
            #expect(record.attempts.map(\.failure) == [.tls, nil])
            #expect(record.attempts.first?.detail?.contains(words) == true, "\(record.attempts)")
            #expect(impostor.requests.isEmpty, "not one byte of the request")
            #expect(honest.requests.count == 1)
            try gateway.stop()
        }

        /// Without the provider's own `ca`, the authority of the tests is a stranger.
        @Test func whatTheSystemDoesNotTrustIsNotTrusted() throws {
            let provider = try MockProvider(Mock.plain)
            let front = try TLSRelay(.server(try Certificate.server.context()), to: provider.port)
            let gateway = try Self.gateway([front.port], ca: nil)
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 502)
            #expect(gateway.record()?.attempts.map(\.failure) == [.tls])
            #expect(provider.requests.isEmpty)
            try gateway.stop()
        }

        @Test func anotherAuthorityMeansAnotherConnection() throws {
            let provider = try MockProvider(Mock.plain)
            let front = try TLSRelay(.server(try Certificate.server.context()), to: provider.port)
            let file = try TestFile(of: .selfSigned)
            let gateway = try Self.gateway([front.port])
            let client = try TestClient(gateway.port)
            #expect(client.chat(isStreamed: false)?.status == 200)
            try gateway.reload { $0.providers[0].ca = .file(file.path) }
            #expect(client.chat(isStreamed: false)?.status == 502, "what was trusted before is not used again")
            try gateway.reload { $0.providers[0].ca = .file(Certificate.authority) }
            #expect(client.chat(isStreamed: false)?.status == 200)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func whereNothingIsTrustedAnAlarmSaysWhatIsMissing() throws {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file("/nowhere/ca-certificates.crt")
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port, provider.port], tls: configuration) {
                $0.providers[0].isTLS = true
            }
            let alarms = try #require(gateway.standing { !$0.isEmpty })
            #expect(alarms.map(\.code) == [.trustUnavailable])
            #expect(alarms[0].detail.contains("the package ca-certificates has what is trusted"))
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 200, "plain providers serve on")
            let record = try #require(gateway.record())
            #expect(record.attempts.map(\.failure) == [.tls, nil])
            #expect(record.attempts.first?.detail == "see the alarm on its provider")
            try gateway.stop()
        }

        @Test func anAuthorityThatCannotBeReadIsAnAlarm() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try Self.gateway([provider.port], ca: .file("/nowhere/ca.pem"))
            let alarms = try #require(gateway.standing { !$0.isEmpty })
            #expect(alarms[0].code == .trustUnavailable && alarms[0].detail.contains("No such file or directory"))
            try gateway.stop()
        }
    }
}
