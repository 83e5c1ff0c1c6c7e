/// What the gateway finds when it probes a provider.
import Inference
import NetTypes
import PolicyEngine
import Synchronization
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct ProbingProvidersTests {
        private struct Row {
            let name: String
            let kind: ProviderProbe.Kind
            let failures: [FailureClass?]
            var isTLS = false
            /// What is shown before the provider.
            var certificate: Certificate?
            var behaviour: Behaviour?
        }

        private static func list(_ status: Int) -> Behaviour {
            { $0.write(Mock.answer(status, "{}")) ? .keep : .close }
        }

        private static let rows: [Row] = [
            Row(name: "nobody listens", kind: .tcp, failures: [.connectRefused]),
            Row(name: "a connection", kind: .tcp, failures: [nil], behaviour: Mock.hang),
            Row(
                name: "a connection where TLS is wanted",
                kind: .tcp,
                failures: [nil],
                isTLS: true,
                behaviour: Mock.hang
            ),
            Row(name: "no TLS", kind: .tls, failures: [.tls], isTLS: true, behaviour: { _ in .close }),
            Row(
                name: "a handshake",
                kind: .tls,
                failures: [nil],
                isTLS: true,
                certificate: .server,
                behaviour: Mock.hang
            ),
            Row(
                name: "another name's certificate",
                kind: .tls,
                failures: [.tls],
                isTLS: true,
                certificate: .otherHost,
                behaviour: Mock.hang
            ),
            Row(
                name: "a list in TLS",
                kind: .models,
                failures: [nil],
                isTLS: true,
                certificate: .server,
                behaviour: list(200)
            ),
            Row(name: "a list", kind: .models, failures: [nil], behaviour: list(200)),
            Row(name: "no such list", kind: .models, failures: [nil], behaviour: list(404)),
            Row(name: "a limit", kind: .models, failures: [nil], behaviour: list(429)),
            Row(name: "a wrong key", kind: .models, failures: [.unauthorised], behaviour: list(401)),
            Row(name: "an error", kind: .models, failures: [.serverError], behaviour: list(503)),
            Row(name: "no HTTP", kind: .models, failures: [.malformed], behaviour: Mock.garbage),
            Row(name: "silence", kind: .models, failures: [.headTimeout], behaviour: Mock.hang),
        ]

        @Test func aProbeSaysHowFarItCame() throws {
            for row in Self.rows {
                let provider = try row.behaviour.map {
                    try row.isTLS && row.certificate == nil ? MockProvider.beforeRequests($0) : MockProvider($0)
                }
                let relay = try row.certificate.map {
                    try TLSRelay(.server(try $0.context(["h2", "http/1.1"])), to: provider?.port ?? 0)
                }
                let dead = try TestSocket.listening().port
                let gateway = try GatewayUnderTest(ports: [relay?.port ?? provider?.port ?? dead]) {
                    $0.providers[0].isTLS = row.isTLS
                    $0.providers[0].ca = .file(Certificate.authority)
                    $0.providers[0].probe = ProviderProbe(
                        kind: row.kind,
                        every: .milliseconds(100),
                        timeout: .milliseconds(row.failures == [.headTimeout] ? 300 : 10_000),
                        downAfter: 1
                    )
                }
                #expect(eventually(within: 20) { Self.rounds(gateway).count > 1 }, "\(row.name)")
                let outcomes = try #require(Self.rounds(gateway).first, "\(row.name)")
                #expect(outcomes.map(\.failure) == row.failures, "\(row.name): \(outcomes)")
                if row.kind == .models, let request = provider?.requests.first {
                    #expect(request.hasPrefix("GET /v1/models HTTP/1.1\r\n"), "\(row.name)")
                }
                try gateway.stop()
            }
        }

        private static func rounds(_ gateway: GatewayUnderTest) -> [[ProbeOutcome]] {
            gateway.all.compactMap { if case .probed(_, let outcomes, _) = $0 { outcomes } else { nil } }
        }
    }
}
