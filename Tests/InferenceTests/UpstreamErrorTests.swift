import Testing

@testable import Inference

/// What does a provider's failure mean, to us and to the client?
struct UpstreamErrorTests {
    @Test(
        "Anthropic",
        arguments: [
            (400, "invalid_request_error", .invalidRequest), (401, "authentication_error", .authentication),
            (402, "billing_error", .quota), (403, "permission_error", .permission), (404, "not_found_error", .notFound),
            (413, "request_too_large", .tooLarge), (429, "rate_limit_error", .rateLimited), (500, "api_error", .server),
            (504, "timeout_error", .timeout), (529, "overloaded_error", .overloaded), (503, "unheard_of", .overloaded),
        ] as [(Int, String, UpstreamError.Kind)]
    )
    func theTypesOfTheMessagesAPIAreKnown(status: Int, type: String, kind: UpstreamError.Kind) {
        let body = #"{"type":"error","error":{"type":"\#(type)","message":"words"}}"#
        let error = Anthropic.error(status: status, body: Array(body.utf8))
        #expect(error == UpstreamError(kind, status: status, message: "words", code: type))
    }

    @Test(
        "by status",
        arguments: [
            (400, .invalidRequest), (401, .authentication), (402, .quota), (403, .permission), (404, .notFound),
            (408, .timeout), (413, .tooLarge), (422, .invalidRequest), (429, .rateLimited), (500, .server),
            (502, .server), (503, .overloaded), (504, .timeout), (529, .overloaded), (302, .server),
        ] as [(Int, UpstreamError.Kind)]
    )
    func aBodyWithoutWordsLeavesTheStatus(status: Int, kind: UpstreamError.Kind) {
        for error in [
            Anthropic.error(status: status, body: []), OpenAI.error(status: status, body: Array("<html>".utf8)),
        ] {
            #expect(error.kind == kind)
            #expect(error.status == status)
            #expect(error.code == nil)
        }
    }

    @Test func anEmptyAccountIsNotARateLimit() {
        let body = #"{"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#
        #expect(OpenAI.error(status: 429, body: Array(body.utf8)).kind == .quota)
    }

    @Test(arguments: [UpstreamError.Kind.authentication, .permission])
    func wordsAboutOurKeyStayHere(kind: UpstreamError.Kind) {
        let error = UpstreamError(kind, status: 401, message: "Incorrect key: sk-secret")
        #expect(error.clientStatus == 502)
        for dialect in ClientDialect.allCases {
            let body = dialect.body(of: ClientError(error), id: "1")
            #expect(!String(decoding: body, as: UTF8.self).contains("secret"))
        }
    }

    @Test func aRequestErrorNamesItsField() {
        let body = OpenAI.errorBody(ClientError(RequestError.missing("model")))
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"error":{"message":"Missing required parameter: 'model'.","type":"invalid_request_error","param":"model","code":"missing_required_parameter"}}"#
        )
    }

    @Test(
        arguments: [
            (#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#, .overloaded),
            ("<html>", .malformed), (#"{"type":"message"}"#, .malformed), ("[]", .malformed),
        ] as [(String, UpstreamError.Kind)]
    )
    func anAnswerThatIsNoneIsThrown(body: String, kind: UpstreamError.Kind) {
        let error = #expect(throws: UpstreamError.self) { try Anthropic.answer(from: Array(body.utf8)) }
        #expect(error?.kind == kind)
    }
}
