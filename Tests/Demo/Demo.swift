import Lab
import LabText

/// In which order is it told? Start, traffic, a silent uplink, a failing provider, mending; each step in a file of its own.
struct Demo {
    let stage: Stage
    let narrator: Narrator
    var figures = Figures()

    /// Runs it and cleans up; the exit status.
    static func run() -> Int32 {
        let narrator = Narrator()
        if let obstacle = Programs.obstacle {
            narrator.failure(obstacle)
            return 1
        }
        let began = Moment.now
        let host = HostNetwork()
        var figures = Figures()
        let isFinished = perform(narrator, &figures)
        let leftovers = Janitor.namespaces().filter { $0.hasPrefix(Janitor.ownPrefix) }
        figures.add(
            Figure(
                what: "namespaces left behind; the host's network",
                measured: "\(leftovers.count); \(host == HostNetwork() ? "as before" : "changed")",
                expected: "0; as before",
                isHeld: leftovers.isEmpty && host == HostNetwork()
            )
        )
        figures.addSeconds("the whole demo", Moment.now.milliseconds(since: began) / 1000, atMost: 120)
        narrator.title("The figures")
        narrator.say(figures.table)
        narrator.say(isFinished ? figures.summary : "The demo did not come to its end.\n" + figures.summary)
        return isFinished && figures.areHeld ? 0 : 1
    }

    /// All steps; the stage is gone when it returns. Gives whether it came to its end.
    private static func perform(_ narrator: Narrator, _ figures: inout Figures) -> Bool {
        do {
            narrator.title("0. A small internet in network namespaces")
            var demo = Demo(stage: try Stage(narrator: narrator), narrator: narrator)
            defer {
                figures = demo.figures
                demo.stage.site.tearDown()
            }
            do {
                try demo.steps()
                return true
            } catch {
                // An interruption pulls everything away from under the steps: what they say of it is no news.
                Interruption.waitIfUnderWay()
                narrator.failure("\(error)")
                narrator.output(demo.stage.daemon.errorOutput)
                return false
            }
        } catch {
            Interruption.waitIfUnderWay()
            narrator.failure("\(error)")
            return false
        }
    }

    private mutating func steps() throws {
        try start()
        try carryTraffic()
        try breakUplink()
        try breakProvider()
        try mend()
    }
}

extension Demo {
    mutating func expect(
        _ what: String,
        _ measured: String,
        _ expected: String,
        _ isHeld: Bool,
        isLate: Bool = false,
        isQuantity: Bool = true
    ) {
        let figure = Figure(
            what: what,
            measured: measured,
            expected: expected,
            isHeld: isHeld,
            isLate: isLate,
            isQuantity: isQuantity
        )
        figures.add(figure)
        narrator.finding(figure)
    }

    /// How many times the promised time a step may take before the demo calls it wrong and not late.
    static let patience = 5.0

    mutating func expect(_ what: String, milliseconds: Double, atMost bound: Double) {
        let isHeld = milliseconds <= bound * Self.patience
        let isLate = isHeld && milliseconds > bound
        expect(what, inMilliseconds(milliseconds), "at most \(inMilliseconds(bound))", isHeld, isLate: isLate)
    }

    mutating func expect(_ what: String, count: Int, exactly wanted: Int) {
        expect(what, "\(count)", "\(wanted)", count == wanted)
    }

    /// Something that is said in words: what it is, and what it should be.
    mutating func expect(_ what: String, is found: String, _ wanted: String) {
        expect(what, found, wanted, found == wanted, isQuantity: false)
    }
}

extension Figures {
    mutating func addSeconds(_ what: String, _ seconds: Double, atMost bound: Int) {
        let tenths = Int((seconds * 10).rounded())
        add(
            Figure(
                what: what,
                measured: "\(tenths / 10).\(tenths % 10) s",
                expected: "at most \(bound) s",
                isHeld: seconds <= Double(bound)
            )
        )
    }
}
