/// A response that a provider keeps can be read and stopped by who made it, over whatever carries the question and after every reload, and is
/// plainly not there when nobody knows any more who made it.
import ConfigSyntax
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct KeptResponseTests {
        private static func provider() throws -> MockProvider {
            try MockProvider { request, connection in
                let status = request.hasPrefix("POST /v1/responses/resp_own/cancel") ? "cancelled" : "in_progress"
                let body = #"{"id":"resp_own","object":"response","status":"\#(status)","error":null,"output":[]}"#
                connection.write(Mock.answer(200, body))
                return .keep
            }
        }

        /// The key may use `fast`, and a policy puts `cloud` in its place.
        private static func gateway(_ provider: MockProvider) throws -> GatewayUnderTest {
            try GatewayUnderTest(ports: [provider.port], timeouts: ExchangeTimeouts()) { snapshot in
                snapshot.providers[0].dialect = .responses
                snapshot.providers[0].keepsResponses = true
                snapshot.models = groups(cloud: "maker")
                snapshot.deployments.append(snapshot.deployments[0])
                snapshot.keys[0].models = ["fast"]
                let isFast = Match.Step.test(RequestFact.model.slot, .texts(["fast"]), negated: false)
                snapshot.policies = [
                    GatewayPolicy(
                        name: "elsewhere",
                        place: Place(file: 0, line: 1, column: 1),
                        match: Match(root: isFast, attributes: []),
                        target: .group(GroupID(1)),
                        fallsThrough: false
                    )
                ]
            }
        }

        private static func groups(cloud member: String) -> GroupTable {
            let groups = [Fixed.group("fast", ["own"], [.any]), Fixed.group("cloud", [member], [.any])]
            return GroupTable(groups, at: Instant(nanoseconds: 1))
        }

        private static func ask(
            _ client: HTTP2Peer,
            _ stream: UInt32,
            _ method: String,
            _ path: String,
            _ body: String = ""
        ) throws -> (status: Int?, text: String) {
            let type = [("content-type", "application/json")]
            client.head(HTTP2Peer.request(method, path, more: type), stream: stream, isLast: body.isEmpty)
            if !body.isEmpty { client.body(body, stream: stream, isLast: true) }
            let answer = try #require(client.answer(stream))
            return (answer.status, answer.text)
        }

        private static let question = #"{"model":"fast","input":"x","background":true"#

        private static func make(_ client: HTTP2Peer) throws -> String {
            let made = try ask(client, 1, "POST", "/v1/responses", question + "}")
            #expect(made.status == 200, "\(made.text)")
            let name = made.text.split(separator: "\"").first { $0.hasPrefix("resp_mt") }
            return String(try #require(name, "\(made.text)"))
        }

        @Test func itIsReadAndStoppedAfterAReloadOverHTTP2() throws {
            let provider = try Self.provider()
            let gateway = try Self.gateway(provider)
            let before = try HTTP2Peer(gateway.port)
            let id = try Self.make(before)
            try gateway.reload { $0.keys.append(GatewayKey(name: "new", sha256: String(repeating: "2", count: 64))) }
            for (client, first) in [(before, 3), (try HTTP2Peer(gateway.port), 1)] as [(HTTP2Peer, UInt32)] {
                let read = try Self.ask(client, first, "GET", "/v1/responses/\(id)")
                #expect(read.status == 200 && read.text.contains(id) && read.text.contains("in_progress"))
                let stopped = try Self.ask(client, first + 2, "POST", "/v1/responses/\(id)/cancel")
                #expect(stopped.status == 200 && stopped.text.contains("cancelled") && stopped.text.contains(id))
                client.socket.hangUp()
            }
            #expect(provider.requests.dropFirst().allSatisfy { $0.contains(" /v1/responses/resp_own") })
            try gateway.stop()
        }

        @Test func itIsPlainlyNotThereWhenItsMemberWasRenamed() throws {
            let provider = try Self.provider()
            let gateway = try Self.gateway(provider)
            let client = try HTTP2Peer(gateway.port)
            let id = try Self.make(client)
            try gateway.reload { $0.models = Self.groups(cloud: "renamed") }
            let asked = [("GET", ""), ("POST", "/cancel"), ("DELETE", ""), ("GET", "/input_items")]
            for (place, (method, part)) in asked.enumerated() {
                let answer = try Self.ask(client, UInt32(3 + 2 * place), method, "/v1/responses/\(id)\(part)")
                #expect(answer.status == 404 && answer.text.contains("response_not_found"), "\(method) \(part)")
            }
            let more = Self.question + #","previous_response_id":"\#(id)"}"#
            let going = try Self.ask(client, 11, "POST", "/v1/responses", more)
            #expect(going.status == 400 && going.text.contains("previous_response_not_found"))
            #expect(provider.requests.count == 1, "its provider is asked nothing")
            client.socket.hangUp()
            try gateway.stop()
        }
    }
}
