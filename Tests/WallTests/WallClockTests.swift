/// Who looks at the clock on the wall? It is set forwards and backwards at will, so nothing may wait by it, measure by it or decide by
/// it but what people mean by their own clocks. Every use stands here, with its reason.
import Testing

struct WallClockTests {
    /// File → why the wall clock is right there.
    private static let allowed: [String: String] = [
        "Sources/Daemon/WallClock.swift": "where it is read for all others",
        "Sources/Daemon/Answers+ExplainModel.swift": "the local time of day that policies ask for",
        "Sources/Daemon/Answers+Top.swift": "when a look at the members was, to be shown",
        "Sources/Daemon/Answers+Usage.swift": "which month it is that will have cost so much",
        "Sources/Daemon/Answers.swift": "whether a key has expired, to be shown",
        "Sources/Daemon/Answers+Keys.swift": "what a budget has paid today, to be shown",
        "Sources/Daemon/KeyDesk.swift": "when a key was made, and until when its old secret is good",
        "Sources/Daemon/Applier+Starting.swift": "when something was done, for the history",
        "Sources/Daemon/Applier+Trial.swift":
            "when something was done, and at what time of day a trial ends, to be shown",
        "Sources/Daemon/Applier.swift": "when something was done, for the history",
        "Sources/Daemon/AuditTrail.swift": "when something was done, for the history",
        "Sources/Daemon/Daemon.swift":
            "since when it runs, for status; which canaries of a day count still after a restart",
        "Sources/Daemon/EffectRunner.swift":
            "when something happened; the local time of day that policies ask for; until when canaries count",
        "Sources/Daemon/NoteHub.swift": "when something happened, for who watches",
        "Sources/Daemon/Journal.swift": "when something happened, for the journal",
        "Sources/Daemon/DeviceCounter.swift": "which day an allowance's month has come to",
        "Sources/Daemon/ListWatch.swift": "how old a file is, whose time is the wall clock's",
        "Sources/Gateway/GatewayClock.swift": "when a request came, and the date of an answer",
        "Sources/Gateway/LocalTime.swift": "the local time of day that policies ask for",
        "Sources/Ledger/LedgerKeeper+Damage.swift": "when a file was put aside, for its name",
        "Sources/Ledger/LedgerKeeper+Keeping.swift": "how old a row is, which has the time of its request",
        "Sources/Ledger/LocalDates.swift": "on which local day a request began, for its budget",
        "Sources/Probing/BootClock.swift": "packet time stamps, which have no other clock; a jump is noticed",
        "Sources/Probing/WebHandler.swift": "when a certificate ends",
    ]

    /// Ways to read it.
    private static let names: Set = ["WallClock", "CLOCK_REALTIME", "gettimeofday", "DispatchWallTime", "localtime_r"]
    @Test func onlyTimesForPeopleAreReadFromTheWall() throws {
        let sources = try SourceTree().sources().filter { !$0.path.hasPrefix("Sources/martlet/") }
        let reading = sources.filter { Self.reads(tokens(of: $0.text)) }.map(\.path)
        #expect(Set(reading).subtracting(Self.allowed.keys).sorted() == [])
        #expect(Set(Self.allowed.keys).subtracting(reading).sorted() == [], "reasons for what is no more")
    }

    @Test(arguments: [
        ("let d = Date()", true), ("let d = Date.now", true), ("time(nil)", true), ("WallClock.now()", true),
        ("clock_gettime(CLOCK_REALTIME, &t)", true), ("clock_gettime(CLOCK_BOOTTIME, &t)", false),
        ("func time() {}", false), ("time(\"idle\")", false), ("// Date()", false), ("HTTPDate()", false),
    ])
    func aPlantedLookIsFound(source: String, isOne: Bool) {
        #expect(Self.reads(tokens(of: source)) == isOne)
    }

    private static func reads(_ tokens: [Token]) -> Bool {
        tokens.indices.contains { index in
            let text = tokens[index].text
            if names.contains(text) { return true }
            let after = tokens.dropFirst(index + 1).prefix(2).map(\.text)
            switch text {
            case "Date": return after.first == "(" || after == [".", "now"]
            case "time": return after == ["(", "nil"] || after == ["(", "&"]
            default: return false
            }
        }
    }
}
