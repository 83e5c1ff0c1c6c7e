import Testing

@testable import Inference

/// Is what an Anthropic client shows as an image or a file something that every provider can be shown?
@Suite struct AnthropicSourceTests {
    @Test(
        arguments: [
            (#"{"type":"url","url":"ftp://example.com/bird.jpg"}"#, "url"), (#"{"type":"url","url":""}"#, "url"),
            (#"{"type":"base64","media_type":"image","data":""}"#, "media_type"),
            (#"{"type":"base64","media_type":"image/png,x","data":""}"#, "media_type"),
            (#"{"type":"base64","media_type":"image/png;base64","data":""}"#, "media_type"),
            (#"{"type":"base64","media_type":"/","data":""}"#, "media_type"),
        ],
        ["image", "document"]
    )
    func whatCannotStandInAnAddressIsRefused(source: (json: String, param: String), kind: String) throws {
        let content = #"[{"type":"\#(kind)","source":\#(source.json)}]"#
        let body = #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":\#(content)}]}"#
        let view = try RequestView(body: Array(body.utf8), dialect: .anthropic)
        let error = #expect(throws: RequestError.self) { try Anthropic.chat(from: view) }
        #expect(error?.code == .wrongValue && error?.param?.hasSuffix(source.param) == true)
    }

    @Test(arguments: [
        #"{"type":"document","source":{"type":"text","media_type":"text/html","data":"x"}}"#,
        #"{"type":"image","source":{"type":"base64","media_type":"application/pdf","data":"AA=="}}"#,
    ])
    func whatIsOfAnotherTypeIsRefused(block: String) throws {
        let body = #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[\#(block)]}]}"#
        let view = try RequestView(body: Array(body.utf8), dialect: .anthropic)
        let error = #expect(throws: RequestError.self) { try Anthropic.chat(from: view) }
        #expect(error?.param == "messages[0].content[0].source.media_type")
    }
}
