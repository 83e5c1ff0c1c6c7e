/// Is every clock, draw, hash and reach for the outside found below the line? Each row plants one.
import Testing

struct PlantedClockTests {
    @Test(
        arguments: [
            ("let t = ContinuousClock.now", ["ContinuousClock", ".now"]),
            ("let t: SuspendingClock.Instant", ["SuspendingClock"]),
            ("clock . now", [".now"]),
            ("f(.now)", [".now"]),
            ("let d = Date()", ["Date("]),
            ("DispatchTime.now()", ["DispatchTime", ".now"]),
            ("clock_gettime(CLOCK_BOOTTIME, &t)", ["clock_gettime"]),
            ("Task { f() }", ["Task"]),
            ("Task.detached { f() }", ["Task"]),
            ("func f() async {}", ["async"]),
            ("actor A {}", ["actor"]),
            ("Thread { f() }", ["Thread"]),
            ("Foundation.exit(1)", ["Foundation"]),
            ("Glibc.exit(1)", ["Glibc"]),
            ("Int.random(in: 0..<6)", [".random"]),
            ("Int.random(in: limits(using: x))", [".random"]),
            ("let draw = Bool.random", [".random"]),
            ("a.shuffled()", [".shuffled"]),
            ("a.randomElement()", [".randomElement"]),
            ("var g = SystemRandomNumberGenerator()", ["SystemRandomNumberGenerator"]),
            ("func hash(into hasher: inout Hasher) {}", ["Hasher"]),
            ("key.hashValue", ["hashValue"]),
            ("getenv(name)", ["getenv"]),
            ("fopen(name, mode)", ["fopen"]),
            ("print(x)", ["print"]),
            ("Swift.print(x)", ["print"]),
            ("@_silgen_name(\"time\") func time() -> Int", ["_silgen_name"]),
            ("`Task` {}", ["Task"]),
            ("let s = \"at \\(Date())\"", ["Date("]),
        ] as [(String, [String])]
    ) func aPlantedReachIsFound(source: String, names: [String]) {
        let found = findings(source, in: "Runtime")
        #expect(found.count == names.count)
        for name in names { #expect(found.contains { $0.hasPrefix("1: `\(name)`") }, "\(name) is not in \(found)") }
    }

    @Test(
        arguments: [
            ("// Task, .now and Date()", "a comment"),
            ("let s = \"Task .now Date( Hasher\"", "a literal"),
            ("let now = at", "a name that is no member"),
            ("func turn(_ event: Event, at now: Instant)", "a parameter"),
            ("Int.random(in: 0..<6, using: &generator)", "chance that was handed in"),
            ("weights.randomElement(using: &draw)", "the same for an element"),
            ("writer.print(x)", "a method of our own"),
            ("func print(_ x: Int) {}", "its declaration"),
            ("let tasks = dispatches", "words that only contain a forbidden one"),
            ("case date(DateForm)", "a word that begins like one"),
        ]
    ) func whatIsInnocentIsNotFound(source: String, reason: String) {
        #expect(findings(source, in: "Runtime").isEmpty, "\(reason)")
    }

    @Test(arguments: ImportTable.rows.filter { $0.kind == .pure }.map(\.target))
    func aClockIsFoundInEveryPureTarget(target: String) {
        #expect(findings("\n\nlet t = clock.now", in: target) == ["3: `.now` brings in a clock"])
    }

    @Test(arguments: ["Kernel", "Gateway", "Daemon", "martletd"]) func aClockIsAtHomeAboveTheLine(target: String) {
        #expect(findings("let t = ContinuousClock.now", in: target).isEmpty)
    }

    private func findings(_ source: String, in target: String) -> [String] {
        let file = SourceFile(path: "Sources/\(target)/Planted.swift", text: source)
        return PurityRule.violations(in: [file], table: ImportTable.rows).map { "\($0.line): \($0.what)" }
    }
}
