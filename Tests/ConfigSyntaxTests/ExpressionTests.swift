import Testing

@testable import ConfigSyntax

@Suite struct ExpressionTests {
    private func word(_ text: String, _ offset: Int) -> Expression.Word { .init(text: text, offset: offset) }

    @Test func notBindsTighterThanAndAndAndTighterThanOr() throws {
        let tree = try Expression(parsing: "a or not b and c")
        #expect(tree == .or([.flag(word("a", 0)), .and([.not(.flag(word("b", 9))), .flag(word("c", 15))])]))
    }

    @Test func parenthesesGroup() throws {
        let tree = try Expression(parsing: "(a or b) and c")
        #expect(tree == .and([.or([.flag(word("a", 1)), .flag(word("b", 6))]), .flag(word("c", 13))]))
    }

    @Test func comparisonsKeepTheirPartsAndOffsets() throws {
        let tree = try Expression(parsing: "src in [10.0.0.0/8, \"x\"]")
        #expect(
            tree
                == .comparison(
                    .init(
                        attribute: word("src", 0),
                        relation: .in,
                        operand: .list([
                            .init(text: "10.0.0.0/8", isQuoted: false, offset: 8),
                            .init(text: "x", isQuoted: true, offset: 20),
                        ])
                    )
                )
        )
    }

    @Test func setsRangesAndEscapesAreRead() throws {
        #expect(
            try Expression(parsing: "src in @office")
                == .comparison(.init(attribute: word("src", 0), relation: .in, operand: .set(word("office", 7))))
        )
        #expect(
            try Expression(parsing: #"m == "a\"b\\c""#)
                == .comparison(
                    .init(
                        attribute: word("m", 0),
                        relation: .equal,
                        operand: .literal(.init(text: #"a"b\c"#, isQuoted: true, offset: 5))
                    )
                )
        )
    }

    struct Wrong: Sendable, CustomStringConvertible {
        let text: String
        let offset: Int
        let why: String
        var description: String { "\(text): \(why)" }

        init(_ text: String, _ offset: Int, _ why: String) {
            self.text = text
            self.offset = offset
            self.why = why
        }
    }

    @Test(arguments: [
        Wrong("", 0, "empty"), Wrong("   ", 0, "only spaces"), Wrong("a and", 5, "nothing after and"),
        Wrong("and a", 0, "nothing before and"), Wrong("a b", 2, "two terms without a word between"),
        Wrong("a = b", 2, "one equals sign"), Wrong("a ! b", 2, "a lone exclamation mark"),
        Wrong("(a", 0, "not closed"),
        Wrong("a)", 1, "not opened"), Wrong("a in [", 6, "list not closed"), Wrong("a in []", 5, "empty list"),
        Wrong("a in [b c]", 8, "no comma"), Wrong("a in [b,]", 8, "nothing after the comma"),
        Wrong("a == \"b", 5, "quotation not closed"), Wrong("a == 'b'", 5, "single quotes"),
        Wrong("a == \"\\n\"", 6, "unknown escape"), Wrong("a == in", 5, "a keyword as a value"),
        Wrong("a not in b", 2, "not in the wrong place"), Wrong("@a", 0, "a set alone"), Wrong("a in @", 5, "no name"),
        Wrong("a == b == c", 7, "comparisons do not chain"), Wrong("a & b", 2, "no such operator"),
        Wrong("a == ü", 5, "not ASCII and not quoted"), Wrong("a\tand b", 1, "a tab"),
    ])
    func wrongConditionsPointAtTheFault(_ row: Wrong) {
        let error = #expect(throws: ExpressionError.self) { try Expression(parsing: row.text) }
        #expect(error?.offset == row.offset, "\(error?.message ?? "")")
    }

    @Test func depthTermsListsAndLengthAreBounded() {
        let deep = String(repeating: "(", count: 10_000) + "a" + String(repeating: ")", count: 10_000)
        let negations = String(repeating: "not ", count: 1000) + "a"
        let terms = Array(repeating: "a", count: Expression.mostTerms + 1).joined(separator: " or ")
        let list = "a in [" + Array(repeating: "1", count: Expression.longestList + 1).joined(separator: ",") + "]"
        for text in [deep, String(deep.prefix(4000)), negations, terms, list] {
            #expect(throws: ExpressionError.self) { try Expression(parsing: text) }
        }
        let most = Array(repeating: "a", count: Expression.mostTerms).joined(separator: " or ")
        #expect(throws: Never.self) { try Expression(parsing: most) }
    }
}
