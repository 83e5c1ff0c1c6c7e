import ConfigSyntax
import Testing

@Suite struct DiagnosticTests {
    private func sources(_ text: String) -> SourceMap {
        var sources = SourceMap()
        _ = sources.add(SourceFile(name: "a.yaml", text: text))
        return sources
    }

    @Test func anErrorShowsItsPlaceLineCaretHintAndTwin() {
        let error = Diagnostic(
            "it is wrong",
            at: Place(file: 0, line: 2, column: 3),
            hint: "do right",
            related: Place(file: 0, line: 1, column: 1)
        )
        let shown = error.rendered(with: sources("one\ntwo\n"))
        #expect(
            shown == "a.yaml:2:3: error: it is wrong\n    two\n      ^\n    hint: do right\n    see also: a.yaml:1:1"
        )
    }

    @Test func anErrorOfAWholeFileShowsItsNameAlone() {
        #expect(Diagnostic("gone", at: .wholeFile(0)).rendered(with: sources("x")) == "a.yaml: error: gone")
    }

    @Test func placesOutsideTheFileShowNoLineAndDoNotTrap() {
        let places = [
            Place(file: 9, line: 1, column: 1), Place(file: 0, line: 99, column: 1), Place(file: 0, line: 1, column: 0),
            Place(file: 0, line: 1, column: .max), Place(file: .max, line: .max, column: .max),
        ]
        for place in places { #expect(Diagnostic("x", at: place).rendered(with: sources("abc")).contains("error: x")) }
    }

    @Test func aConfidentialLineIsNotShown() {
        let error = Diagnostic("x", at: Place(file: 0, line: 1, column: 1), hidesLine: true)
        #expect(!error.rendered(with: sources("secret")).contains("secret"))
    }

    @Test func linesEndWithLineFeedsWithOrWithoutCarriageReturns() {
        #expect(SourceFile(name: "x", text: "a\r\nb\nc").lines == ["a", "b", "c"])
    }

    @Test func errorsComeInFileOrderAndOnce() {
        let diagnostics = Diagnostics()
        diagnostics.report("second", at: Place(file: 0, line: 2, column: 1))
        diagnostics.report("first", at: Place(file: 0, line: 1, column: 1))
        diagnostics.report("second", at: Place(file: 0, line: 2, column: 1))
        #expect(diagnostics.sorted.map(\.message) == ["first", "second"])
    }

    @Test(arguments: [
        ("weigth", "weight"), ("wieght", "weight"), ("weight ", "weight"), ("Weight", "weight"), ("tir", "tier"),
    ])
    func aSlipFindsTheNearestName(_ wrong: String, _ right: String) {
        #expect(NearestName.of(wrong, among: ["tier", "weight", "probe"]) == right)
    }

    @Test func whatIsFarFromEverythingFindsNothing() {
        #expect(NearestName.of("zebra", among: ["tier", "weight", "probe"]) == nil)
        #expect(NearestName.hint(for: "zebra", among: ["b", "a"]) == "allowed here: a, b")
        #expect(NearestName.hint(for: "zebra", among: []) == nil)
    }
}
