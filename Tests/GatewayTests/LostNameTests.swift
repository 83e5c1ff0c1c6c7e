/// A client that names a field in letters that no head may hold is still told of all its fields that were left out, whatever carries the head.
import Glibc
import Inference
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct LostNameTests {
        private static let calls = #"[{"function":{"name":"f","arguments":{}},"a\r\nb: c":1,"odd":1}]"#
        private static let body =
            #"{"model":"chat","stream":false,"messages":[{"role":"user","content":"x"},"#
            + #"{"role":"assistant","content":"","tool_calls":\#(calls)},{"role":"tool","tool_name":"f","content":"y"}]}"#
        private static let names = "messages.tool_calls.?, messages.tool_calls.odd"

        @Test func oneNameThatCannotStandInAHeadHidesNoOther() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            let answer = try #require(client.ask(TestClient.request("POST", "/api/chat", body: Self.body)))
            #expect(answer.status == 200 && answer.head.header("x-martlet-not-carried") == Self.names)
            #expect(gateway.record()?.notCarried == ["messages.tool_calls.?", "messages.tool_calls.odd"])
            let peer = try HTTP2Peer(gateway.port)
            peer.head(HTTP2Peer.request("POST", "/api/chat"), stream: 1, isLast: false)
            peer.body(Self.body, stream: 1, isLast: true)
            let other = try #require(peer.answer(1))
            #expect(other.status == 200 && other["x-martlet-not-carried"] == Self.names)
            client.socket.hangUp()
            peer.socket.hangUp()
            try gateway.stop()
        }
    }
}
