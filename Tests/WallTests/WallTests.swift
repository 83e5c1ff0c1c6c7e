/// Does the wall stand? Holds the real tree against the import table and the rules.
import Testing

struct WallTests {
    private let tree = SourceTree()

    @Test func everyImportStandsInTheTable() throws {
        let sources = try tree.sources()
        try #require(!sources.isEmpty, "no sources were read")
        report(ImportRule.violations(in: sources, table: ImportTable.rows))
    }

    @Test func nothingBelowTheLineReachesForTheWorld() throws {
        let sources = try tree.sources()
        let pure = ImportTable.rows.filter { $0.kind == .pure }.map(\.target)
        try #require(sources.contains { $0.target.map(pure.contains) ?? false }, "no pure sources were read")
        report(PurityRule.violations(in: sources, table: ImportTable.rows))
    }

    @Test func thePolicyEngineSpeaksOfNeitherPlane() throws {
        let sources = try tree.sources()
        try #require(sources.contains { $0.target == "PolicyEngine" }, "the policy engine was not read")
        report(PlaneWordRule.violations(in: sources))
    }

    @Test func theManifestSaysWhatTheTableSays() throws {
        let manifest = try tree.manifest()
        try #require(!manifest.targets.isEmpty, "no target was found in the manifest")
        report(ManifestRule.violations(in: manifest, table: ImportTable.rows, folders: try tree.folders()))
    }

    private func report(_ violations: [Violation]) {
        for violation in violations { Issue.record("\(violation)") }
    }
}

/// The table itself obeys the drawing in docs/architecture.md.
struct ImportTableTests {
    @Test func aTargetImportsOnlyWhatStandsBeneathIt() {
        var beneath: Set<String> = []
        for row in ImportTable.rows {
            #expect(beneath.isSuperset(of: row.ours), "\(row.target) imports \(row.ours)")
            beneath.insert(row.target)
        }
    }

    @Test func thePlanesDoNotImportEachOther() throws {
        for (plane, other) in [("Forwarding", "Inference"), ("Liveness", "Inference"), ("Inference", "Forwarding")] {
            let row = try #require(ImportTable.rows.row(of: plane))
            #expect(!row.ours.contains(other))
        }
        #expect(ImportTable.rows.row(of: "Inference")?.ours.contains("Liveness") == false)
    }

    @Test(arguments: ImportTable.rows.filter { $0.kind == .pure }.map(\.target))
    func aPureTargetImportsOnlyPureTargets(target: String) throws {
        let row = try #require(ImportTable.rows.row(of: target))
        // Atomics are counters: neither a clock nor chance, and nobody waits for one.
        #expect(row.packages.isEmpty && row.further.allSatisfy { $0 == "Synchronization" })
        for name in row.ours { #expect(ImportTable.rows.row(of: name)?.kind == .pure) }
    }

    @Test func onlyWhatStandsAboveTheLineReachesForC() {
        let importing = ImportTable.rows.filter { row in
            row.ours.contains { ImportTable.rows.row(of: $0)?.kind == .c }
        }
        #expect(importing.map(\.target) == ["Kernel", "Probing", "Gateway", "Ledger", "Daemon"])
        #expect(ImportTable.rows.row(of: "Gateway")?.ours.filter { $0.hasPrefix("C") } == ["CShim", "CZlib"])
        #expect(ImportTable.rows.row(of: "Daemon")?.ours.filter { ["CMnl", "CNftnl"].contains($0) } == [])
    }

    @Test func noTargetStandsTwiceInTheTable() {
        let names = ImportTable.rows.map(\.target)
        #expect(Set(names).count == names.count)
    }
}
