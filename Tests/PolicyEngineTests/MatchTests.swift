import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@Suite struct MatchTests {
    static let schema = FactSchema(
        [
            .init("src", .address), .init("port", .number(0...65535)), .init("name", .text(vocabulary: [])),
            .init("kind", .text(vocabulary: ["tcp", "udp"])), .init("flag", .flag), .init("time", .time),
            .init("age", .duration), .init("words", .words(vocabulary: ["image", "text"])), .init("header", .fields),
        ],
        allowsPatterns: true
    )
    static let sets = SetTable([("office", AddressRanges([try! IPPrefix(parsing: "10.0.0.0/16")]))])

    static func facts() -> Facts {
        var facts = Facts(for: schema)
        facts[FactSlot(0)] = .address(IPAddress("10.0.5.9")!)
        facts[FactSlot(1)] = .number(873)
        facts[FactSlot(2)] = .text("gpt-5")
        facts[FactSlot(3)] = .text("tcp")
        facts[FactSlot(4)] = .flag(true)
        facts[FactSlot(5)] = .number(9 * 3600)
        facts[FactSlot(6)] = .number(250_000_000)
        facts[FactSlot(7)] = .words(["text"])
        facts[FactSlot(8)] = .fields([.init(name: "x-team", value: "blue")])
        return facts
    }

    static func match(_ text: String) throws -> Match {
        try Match.compile(Expression(parsing: text), schema: schema, sets: sets).get()
    }

    struct Row: Sendable, CustomStringConvertible {
        let text: String
        let holds: Bool
        var description: String { "\(text) is \(holds)" }

        init(_ text: String, _ holds: Bool) {
            self.text = text
            self.holds = holds
        }
    }

    @Test(arguments: [
        Row("any", true), Row("not any", false), Row("flag", true), Row("not flag", false),
        Row("src in 10.0.5.0/24", true), Row("src in 10.0.6.0/24", false), Row("src in @office", true),
        Row("src == 10.0.5.9", true), Row("src != 10.0.5.9", false), Row("src in 10.0.5.1-10.0.5.8", false),
        Row("src in [192.0.2.1, 10.0.5.0-10.0.5.255]", true), Row("src in 2001:db8::/32", false),
        Row("port == 873", true), Row("port != 873", false), Row("port < 873", false), Row("port <= 873", true),
        Row("port > 872", true), Row("port >= 874", false), Row("port in 800-900", true),
        Row("port in [1, 2-3]", false),
        Row("port in 873", true), Row("port == 0x369", true), Row("name == \"gpt-5\"", true),
        Row("name == gpt-5", true),
        Row("name in [a, gpt-5]", true), Row("name matches \"gpt-*\"", true), Row("name matches \"gpt-?\"", true),
        Row("name matches \"gpt\"", false), Row("kind == tcp", true), Row("kind != udp", true),
        Row("time in 08:00-18:00", true), Row("time in 22:00-06:00", false), Row("time in 09:00-09:01", true),
        Row("time in 08:00-09:00", false), Row("time < 09:00:01", true), Row("age < 500ms", true),
        Row("age > 1s", false),
        Row("age in 100ms-1s", true), Row("words has text", true), Row("words has [image, text]", true),
        Row("words has image", false), Row("header.x-team == blue", true), Row("header.X-Team == blue", true),
        Row("header.x-team", true), Row("header.other", false), Row("header.other != blue", false),
        Row("flag and port == 873 or not flag", true), Row("(flag or port == 1) and port == 1", false),
    ])
    func conditionsHoldOrNot(_ row: Row) throws {
        #expect(try Self.match(row.text).evaluate(Self.facts()) == row.holds)
    }

    @Test(arguments: [
        "port == 1", "port != 1", "src in 0.0.0.0/0", "name matches \"*\"", "flag", "words has text", "header.a != b",
    ])
    func aComparisonWithAnAbsentFactIsFalse(_ text: String) throws {
        let nothing = Facts(for: Self.schema)
        #expect(try Self.match(text).evaluate(nothing) == false)
        #expect(try Self.match("not (\(text))").evaluate(nothing))
    }

    struct Wrong: Sendable, CustomStringConvertible {
        let text: String
        let offsets: [Int]
        var description: String { "\(text) at \(offsets)" }

        init(_ text: String, _ offsets: Int...) {
            self.text = text
            self.offsets = offsets
        }
    }

    @Test(arguments: [
        Wrong("prt == 1", 0), Wrong("port == \"1\"", 8), Wrong("port == many", 8), Wrong("port == 65536", 8),
        Wrong("port in 9-3", 10), Wrong("port in 9-x", 10), Wrong("port", 0), Wrong("port matches \"1\"", 0),
        Wrong("flag == true", 0), Wrong("src == 10.0.0.0/8", 7), Wrong("src in 10.0.0.1/8", 7),
        Wrong("src == \"10.0.0.1\"", 7),
        Wrong("src in 10.0.0.9-10.0.0.1", 16), Wrong("src in 10.0.0.9-::1", 16), Wrong("src in @nowhere", 7),
        Wrong("src == @office", 7), Wrong("port in @office", 8), Wrong("name == 5", 8), Wrong("name == a:b", 8),
        Wrong("name matches gpt", 13), Wrong("kind == tpc", 8), Wrong("words has imgae", 10), Wrong("words == text", 0),
        Wrong("time in 25:00-26:00", 8), Wrong("time in 08:00", 8), Wrong("time == 08:00", 0),
        Wrong("time in 08:00-08:00", 8),
        Wrong("age < 5", 6), Wrong("header == 5", 0), Wrong("port == [1]", 9), Wrong("src in 10.0.0.0/33", 7),
        Wrong("prt == 1 and port == x or nme", 0, 21, 26),
    ])
    func wrongTypesPointAtTheLiteralAndAllAreReported(_ row: Wrong) throws {
        switch Match.compile(try Expression(parsing: row.text), schema: Self.schema, sets: Self.sets) {
        case .success: Issue.record("it compiled")
        case .failure(let errors): #expect(errors.all.map(\.offset) == row.offsets, "\(errors.all)")
        }
    }

    @Test func anUnknownAttributeIsToldTheNearestRightOne() throws {
        guard
            case .failure(let errors) = Match.compile(
                try Expression(parsing: "prot == 1"),
                schema: Self.schema,
                sets: .empty
            )
        else {
            Issue.record("it compiled")
            return
        }
        #expect(errors.all[0].hint == "did you mean 'port'?")
    }

    @Test func patternsMatchInBoundedTime() throws {
        let stars = try #require(Glob(String(repeating: "*a", count: 64)))
        let text = String(repeating: "a", count: Glob.longestText - 1) + "b"
        #expect(!stars.matches(text))
        #expect(Glob(String(repeating: "a", count: Glob.longest + 1)) == nil)
        #expect(try #require(Glob("*")).matches(String(repeating: "x", count: Glob.longestText + 1)) == false)
    }
}
