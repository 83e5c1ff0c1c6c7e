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
    /// Rows are numbered from the bottom; a target imports only from rows with a smaller number.
    let row: Int
    /// Which of our targets it may import.
    let ours: [String]
    /// Which modules of packages it may import.
    let packages: [String]
    /// Which modules of the toolchain it may import.
    let toolchain: [String]

    init(
        _ target: String,
        _ kind: TargetKind,
        row: Int,
        ours: [String] = [],
        packages: [String] = [],
        toolchain: [String] = []
    ) {
        self.target = target
        self.kind = kind
        self.row = row
        self.ours = ours
        self.packages = packages
        self.toolchain = toolchain
    }
}

enum ImportTable {
    private static let sharedCore = ["NetTypes", "ConfigSyntax", "PolicyEngine"]
    private static let planes = ["Forwarding", "Liveness", "Inference"]

    /// `Foundation` and `Dispatch` stand nowhere: the first costs every start 8 ms and a large library, the second brings threads
    /// that are not ours. Who records or replays needs a JSON coder, which `FoundationEssentials` has.
    static let rows: [ImportRow] = [
        ImportRow("CMnl", .c, row: 0),
        ImportRow("CNftnl", .c, row: 0),
        ImportRow("CShim", .c, row: 0),

        ImportRow("NetTypes", .pure, row: 0),
        ImportRow("ConfigSyntax", .pure, row: 0),

        ImportRow("Wire", .pure, row: 1, ours: ["NetTypes"]),
        ImportRow("PolicyEngine", .pure, row: 1, ours: ["NetTypes", "ConfigSyntax"]),

        ImportRow("Forwarding", .pure, row: 2, ours: sharedCore),
        ImportRow("Liveness", .pure, row: 2, ours: sharedCore),
        ImportRow("Inference", .pure, row: 2, ours: sharedCore + ["Wire"]),

        ImportRow("ConfigModel", .pure, row: 3, ours: sharedCore + planes),
        ImportRow("Runtime", .pure, row: 4, ours: sharedCore + planes + ["Wire", "ConfigModel"]),

        // ------------------------------------------------------------------ the line

        ImportRow(
            "Kernel",
            .outside,
            row: 5,
            ours: ["NetTypes", "Forwarding", "CMnl", "CNftnl", "CShim"],
            toolchain: ["Glibc", "Synchronization"]
        ),
        ImportRow(
            "Probing",
            .outside,
            row: 5,
            ours: ["NetTypes", "PolicyEngine", "Liveness", "CShim"],
            toolchain: ["Glibc", "Synchronization"]
        ),
        ImportRow(
            "Gateway",
            .outside,
            row: 5,
            ours: sharedCore + ["Wire", "Inference"],
            packages: ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL"],
            toolchain: ["Glibc", "Synchronization", "FoundationEssentials"]
        ),
        ImportRow("ConfigYAML", .outside, row: 5, ours: ["ConfigSyntax"], packages: ["CYaml", "Yams"], toolchain: ["Glibc"]),
        ImportRow(
            "Control",
            .outside,
            row: 5,
            ours: sharedCore + planes + ["Wire", "ConfigModel"],
            toolchain: ["Glibc"]
        ),

        ImportRow(
            "Daemon",
            .outside,
            row: 6,
            ours: sharedCore + planes + [
                "Wire", "ConfigModel", "Runtime", "Kernel", "Probing", "Gateway", "ConfigYAML", "Control", "CShim",
            ],
            packages: ["NIOCore", "NIOPosix", "NIOHTTP1", "Logging"],
            toolchain: ["Glibc", "Synchronization", "FoundationEssentials"]
        ),

        ImportRow(
            "martletd",
            .outside,
            row: 7,
            ours: ["Daemon", "Gateway"],
            packages: ["ArgumentParser"],
            toolchain: ["Glibc"]
        ),
        ImportRow(
            "martlet",
            .outside,
            row: 7,
            ours: ["NetTypes", "ConfigSyntax", "Wire", "ConfigModel", "Runtime", "ConfigYAML", "Control"],
            packages: ["ArgumentParser"],
            toolchain: ["Glibc", "FoundationEssentials"]
        ),
    ]
}

extension Sequence<ImportRow> {
    func row(of target: String) -> ImportRow? { first { $0.target == target } }
}
