/// docs/models-errors.md says of every error what a client gets, in both dialects: each error of ours is looked up in it.
import Foundation
import Inference
import Testing
import Wire

@testable import Gateway

@Suite struct ErrorReferenceTests {
    /// One line of a table.
    private struct Row {
        let statuses: [Int]
        let codes: [String]
        let type: String
        let anthropic: String
        let anthropicStatus: Int?
        let line: String

        init?(_ line: String) {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 6 else { return nil }
            statuses = cells[0].split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
            codes = Self.words(cells[1])
            guard let type = Self.words(cells[2]).first, let anthropic = Self.words(cells[3]).first else { return nil }
            (self.type, self.anthropic, self.line) = (type, anthropic, line)
            anthropicStatus = cells[3].split(separator: " ").first.flatMap { Int($0) }
        }

        private static func words(_ cell: String) -> [String] {
            cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().compactMap { place, word in
                place % 2 == 1 ? String(word) : nil
            }
        }
    }

    private static let rows: [Row] = {
        let folder = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = try? String(contentsOfFile: folder + "/docs/models-errors.md", encoding: .utf8)
        return (text ?? "").split(separator: "\n").compactMap { Row(String($0)) }
    }()

    private static let requests: [RequestError.Code] = [
        .invalidJSON, .invalidForm, .missing, .wrongType, .wrongValue, .unsupported, .noSuchResponse,
    ]

    private static let ready: [ReadyAnswer] = [
        .badKey, .expiredKey, .unknownPath, .wrongMethod(allowed: "POST"), .tooLarge, .encodedBody, .bodyTimeout,
        .notReady, .noMemory, .encoded(.malformed), .encoded(.truncated), .encoded(.tooLarge), .encoded(.tooDense),
        .unreadable(.badHost), .unreadable(.startLineTooLong), .unreadable(.unknownExpectation),
        .unreadable(.tooManyFields), .unreadable(.unknownCoding), .unreadable(.badVersion), .noModel("x"),
        .nothingStored, .noResponse("x"),
    ]

    /// What an exchange makes of failures, of the request and of the provider.
    private static let errors: [ClientError] =
        FailureClass.allCases.filter { $0 != .clientError }.map { ClientError($0.rule) }
        + requests.map { ClientError(RequestError($0, nil, "")) }

    @Test func everyErrorStandsInTheReference() throws {
        try #require(Self.rows.count > 20)
        for answer in Self.ready {
            let code = try #require(answer.errorCode)
            let bodies = ClientDialect.allCases.map { String(decoding: answer.body(in: $0, id: "1"), as: UTF8.self) }
            check(answer.status(in: .openai), answer.status(in: .anthropic), code, bodies)
        }
        for error in Self.errors {
            let bodies = ClientDialect.allCases.map { String(decoding: $0.body(of: error, id: "1"), as: UTF8.self) }
            check(ClientDialect.openai.status(of: error), ClientDialect.anthropic.status(of: error), error.code, bodies)
        }
    }

    private func check(_ status: Int, _ anthropicStatus: Int, _ code: String, _ bodies: [String]) {
        let rows = Self.rows.filter { $0.statuses.contains(status) && $0.codes.contains(code) }
        #expect(!rows.isEmpty, "\(status) \(code)")
        for row in rows {
            #expect(bodies[0].contains(#""type":"\#(row.type)","#), "\(bodies[0]): \(row.line)")
            #expect(bodies[1].contains(#""error":{"type":"\#(row.anthropic)","#), "\(bodies[1]): \(row.line)")
            #expect(row.anthropicStatus ?? status == anthropicStatus, "\(row.line)")
        }
    }

    /// Those that need limits, a budget or a policy to be met; the tests of these look at them.
    private static let others = [
        "rejected_by_policy", "rate_limit_exceeded", "insufficient_quota", "no_candidate", "invalid_request",
        "content_filter",
    ]

    @Test func theReferenceNamesNoErrorThatIsNone() {
        let known = Set(Self.ready.compactMap(\.errorCode) + Self.errors.map(\.code) + Self.others)
        for row in Self.rows where row.line.contains("`type`") == false {
            for code in row.codes { #expect(known.contains(code), "\(row.line)") }
        }
    }
}
