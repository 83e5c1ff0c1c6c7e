/// Tables and text: aligned, whole, harmless.
import Control
import Inference
import NetTypes
import Testing

@testable import martlet

@Suite struct TableTests {
    private let plain = Output.Format.text(.plain)

    @Test func columnsAreAsWideAsTheirContentAndNothingIsCut() {
        let text = Table.render(
            ["NAME", Column("COUNT", .right), "END"],
            [["a", "7", "x"], ["a-name-that-is-longer-than-the-others", "1000000", ""]],
            .plain
        )
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines == [
                "NAME                                     COUNT  END",
                "a                                            7  x",
                "a-name-that-is-longer-than-the-others  1000000",
            ]
        )
    }

    @Test func coloursDoNotMoveColumns() {
        let rows = [[Cell("up", .good), Cell("x")], [Cell("degraded", .warning), Cell("y")]]
        let coloured = Table.render(["HEALTH", "NEXT"], rows, .coloured)
        #expect(coloured.contains("\u{1B}[32mup\u{1B}[0m"))
        #expect(withoutColours(coloured) == Table.render(["HEALTH", "NEXT"], rows, .plain))
    }

    private func withoutColours(_ text: String) -> String { text.replacing(#/\u{1B}\[[0-9]*m/#, with: "") }

    @Test(arguments: [
        ("gpt\u{1B}[2J", "gpt\\u{1b}[2J", "an escape sequence"),
        ("a\nb", "a\\u{a}b", "a line break would forge a row"),
        ("\u{9B}31m", "\\u{9b}31m", "the 8-bit form of an escape sequence"),
        ("abc\u{202E}fed", "abc\\u{202e}fed", "a change of writing direction"),
        ("Grüße 漢字 🙂", "Grüße 漢字 🙂", "ordinary text of any script"),
    ])
    func whatStrangersNameCannotSteerTheTerminal(name: String, shown: String, why: String) {
        #expect(Printable.line(name) == shown, "\(why)")
        #expect(Table.lines(["A"], [[Cell(name)]], .plain) == shown, "\(why)")
    }

    @Test func aMessageKeepsItsLines() {
        #expect(
            Printable.lines("a.yaml:1:1: error: x\n    \u{1B}y\n    ^") == "a.yaml:1:1: error: x\n    \\u{1b}y\n    ^"
        )
    }

    @Test(
        arguments: [
            (true, nil, "xterm", Style.coloured, "a terminal"),
            (false, nil, "xterm", .plain, "a pipe"),
            (true, "1", "xterm", .plain, "NO_COLOR"),
            (true, nil, "dumb", .plain, "a terminal that cannot"),
            (true, nil, nil, .plain, "no TERM at all"),
        ] as [(Bool, String?, String?, Style, String)]
    )
    func colourIsForTerminalsThatMay(isTerminal: Bool, noColour: String?, terminal: String?, style: Style, why: String)
    {
        let variables = ["NO_COLOR": noColour, "TERM": terminal].compactMapValues { $0 }
        #expect(Style.fitting(isTerminal: isTerminal, variable: { variables[$0] }) == style, "\(why)")
    }

    @Test func everyEmptyTableSaysSoAndIsAnEmptyListAsJSON() throws {
        func check<Row: ListDisplayable & Encodable>(_ type: Row.Type) throws {
            #expect(try Output.render([Row](), as: plain) == Row.none)
            #expect(!Row.none.isEmpty)
            #expect(try ControlJSON.decode([Int].self, from: Array(try Output.render([Row](), as: .json).utf8)) == [])
        }
        try check(GroupRow.self)
        try check(MemberRow.self)
        try check(ObjectRow.self)
        try check(ProbeRow.self)
        try check(BFDRow.self)
        try check(ProviderRow.self)
        try check(DecisionRecord.self)
        try check(OverrideRow.self)
        try check(PolicyRow.self)
        try check(SetRow.self)
    }

    @Test func everyRowHasACellForEachColumn() {
        #expect(Samples.group.cells.count == GroupRow.columns.count)
        #expect(Samples.member.cells.count == MemberRow.columns.count)
        #expect(Samples.route.cells.count == ObjectRow.columns.count)
        #expect(Samples.probe.cells.count == ProbeRow.columns.count)
        #expect(Samples.bfd.cells.count == BFDRow.columns.count)
        #expect(Samples.provider.cells.count == ProviderRow.columns.count)
        #expect(Samples.decision.cells.count == DecisionRecord.columns.count)
        #expect(OverrideRow(plane: "network", member: "a.b", admin: "drain").cells.count == OverrideRow.columns.count)
    }

    @Test func sharesAreShownAsPartsOfTheLoad() {
        #expect(Samples.group.shareWords == "fiber 75 %, cable 25 %, lte (standby)")
        var group = Samples.group
        group.shares = [1, 1, 1].map { ShareRow(member: "m", weight: $0, reason: "eligible", words: "") }
        #expect(group.shareWords == "m 33.3 %, m 33.3 %, m 33.3 %")
        group.shares = [ShareRow(member: "m", weight: .max, reason: "eligible", words: "")]
        #expect(group.shareWords == "m 100 %", "weights of any size add up")
        group.shares = []
        #expect(group.shareWords == "-")
    }

    @Test func aDecisionIsOneLine() throws {
        let lines = try Output.render([Samples.decision], as: plain).split(separator: "\n")
        #expect(lines.count == 2)
        let row = lines[1].split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        #expect(row.first == "0123456789abcdef01234567")
        #expect(row.suffix(7) == ["chat.spare", "wan.cable", "answered", "2", "1250", "ms", "-"])
    }
}
