/// Who may import what? The one table of the house: docs/architecture.md draws it, the manifest repeats it, and the tests in this
/// folder hold every import line against it.

/// What a target is, which decides how its sources are read.
enum TargetKind: Equatable {
    /// Below the line: no file, no socket, no clock, no chance, no hash of the process's own.
    case pure
    /// Above the line: sockets, netlink, HTTP, files, and the programs themselves.
    case outside
    /// A system library or the C shim: it imports nothing of ours.
    case c
}

/// One line of the table.
struct ImportRow {
    let target: String
    let kind: TargetKind
    /// Which of our targets it may import.
    let ours: [String]
    /// Which modules of packages it may import.
    let packages: [String]
    /// Which further modules it may import: of the toolchain, or behind a product that it depends on.
    let further: [String]

    init(
        _ target: String,
        _ kind: TargetKind,
        ours: [String] = [],
        packages: [String] = [],
        further: [String] = []
    ) {
        self.target = target
        self.kind = kind
        self.ours = ours
        self.packages = packages
        self.further = further
    }
}

enum ImportTable {
    private static let sharedCore = ["NetTypes", "ConfigSyntax", "PolicyEngine"]
    private static let planes = ["Forwarding", "Liveness", "Inference"]

    /// From the bottom up: a target imports only what stands before it.
    ///
    /// `Foundation`, and Dispatch with it, stands with the daemon and the ledger alone; whoever else needs a JSON coder takes
    /// `FoundationEssentials`, which spares the start of a command the larger library.
    static let rows: [ImportRow] = [
        // C: what is linked, and the shim for what Swift cannot import.
        ImportRow("CMnl", .c),
        ImportRow("CNftnl", .c),
        ImportRow("CSQLite", .c),
        ImportRow("CZlib", .c),
        ImportRow("CShim", .c),

        // Row 0
        ImportRow("NetTypes", .pure),
        ImportRow("ConfigSyntax", .pure),
        ImportRow("Wire", .pure),

        // Row 1
        ImportRow("PolicyEngine", .pure, ours: ["NetTypes", "ConfigSyntax"]),

        // Row 2
        ImportRow("Forwarding", .pure, ours: sharedCore),
        ImportRow("Liveness", .pure, ours: sharedCore + ["Wire"]),
        // Synchronization: the counters that event loops share are atomics (docs/architecture.md §5).
        ImportRow("Inference", .pure, ours: sharedCore + ["Wire"], further: ["Synchronization"]),

        // Row 3
        ImportRow("ConfigModel", .pure, ours: sharedCore + planes),
        ImportRow("Runtime", .pure, ours: sharedCore + planes + ["ConfigModel"]),

        // ------------------------------------------------------------------ the line

        // Row 4
        ImportRow(
            "Kernel",
            .outside,
            ours: ["NetTypes", "Forwarding", "CMnl", "CNftnl", "CShim"],
            further: ["Glibc", "Synchronization"]
        ),
        ImportRow(
            "Probing",
            .outside,
            ours: ["NetTypes", "PolicyEngine", "Liveness", "CShim"],
            packages: ["NIOCore", "NIOPosix", "NIOTLS", "NIOSSL"],
            further: ["Glibc", "Synchronization"]
        ),
        ImportRow(
            "Gateway",
            .outside,
            ours: ["NetTypes", "PolicyEngine", "Wire", "Inference", "CShim", "CZlib"],
            packages: ["NIOCore", "NIOPosix", "NIOTLS", "NIOSSL", "NIOHTTP2", "NIOHPACK"],
            further: ["Glibc", "Synchronization", "FoundationEssentials"]
        ),
        ImportRow("ConfigYAML", .outside, ours: ["ConfigSyntax"], packages: ["Yams"], further: ["CYaml", "Glibc"]),
        ImportRow(
            "Control",
            .outside,
            ours: ["NetTypes", "Wire", "Inference"],
            further: ["Glibc", "FoundationEssentials"]
        ),

        ImportRow(
            "Ledger",
            .outside,
            ours: ["Inference", "CSQLite"],
            further: ["Foundation", "Synchronization"]
        ),

        // Row 5
        ImportRow(
            "Daemon",
            .outside,
            ours: sharedCore + planes + [
                "ConfigModel", "Runtime", "Wire", "Kernel", "Probing", "ConfigYAML", "Control", "Ledger",
                "CShim",
            ],
            packages: ["NIOCore", "NIOPosix", "NIOSSL", "Logging"],
            further: ["Foundation", "Glibc", "Synchronization"]
        ),

        // Row 6
        ImportRow(
            "martletd",
            .outside,
            ours: ["Control", "Daemon", "Gateway"],
            packages: ["ArgumentParser", "Logging"],
            further: ["Foundation"]
        ),
        ImportRow(
            "martlet",
            .outside,
            ours: sharedCore + [
                "Forwarding", "Inference", "ConfigModel", "Runtime", "Kernel", "ConfigYAML", "Control",
            ],
            packages: ["ArgumentParser"],
            further: ["Glibc", "FoundationEssentials"]
        ),
    ]
}

extension Sequence<ImportRow> {
    func row(of target: String) -> ImportRow? { first { $0.target == target } }
}
