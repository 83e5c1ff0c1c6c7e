// swift-tools-version: 6.2
import PackageDescription

// The rows of docs/architecture.md, from the bottom up. A target imports only from rows beneath its own; the same table, import
// by import, is held by Tests/WallTests.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// One of ours: every target has the same settings.
func library(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A library of the system, found by pkg-config.
func system(_ name: String, _ pkgConfig: String, _ debian: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([debian])])
}

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "martlet",
    products: [
        .executable(name: "martletd", targets: ["martletd"]),
        .executable(name: "martlet", targets: ["martlet"]),
    ],
    dependencies: [
        // Each with its reason in docs/dependencies.md; exact, since lock files are not committed.
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        // C: what is linked, and what Swift cannot import.
        system("CMnl", "libmnl", "libmnl-dev"),
        system("CNftnl", "libnftnl", "libnftnl-dev"),
        system("CSQLite", "sqlite3", "libsqlite3-dev"),
        system("CZlib", "zlib", "zlib1g-dev"),
        .target(name: "CShim"),

        // Row 0
        library("NetTypes", []),
        library("ConfigSyntax", []),
        library("Wire", []),
        // Row 1
        library("PolicyEngine", ["NetTypes", "ConfigSyntax"]),
        // Row 2
        library("Forwarding", ["NetTypes", "ConfigSyntax", "PolicyEngine"]),
        library("Liveness", ["NetTypes", "ConfigSyntax", "PolicyEngine", "Wire"]),
        library("Inference", ["NetTypes", "ConfigSyntax", "PolicyEngine", "Wire"]),
        // Row 3
        library("ConfigModel", ["NetTypes", "ConfigSyntax", "PolicyEngine", "Forwarding", "Liveness", "Inference"]),
        library(
            "Runtime",
            ["NetTypes", "ConfigSyntax", "PolicyEngine", "Forwarding", "Liveness", "Inference", "ConfigModel"]
        ),
        // Row 4
        library("Kernel", ["NetTypes", "Forwarding", "CMnl", "CNftnl", "CShim"]),
        library("Probing", ["NetTypes", "PolicyEngine", "Liveness", "CShim", nio, nioPosix, nioTLS, nioSSL]),
        library("ConfigYAML", ["ConfigSyntax", yams]),
        library("Control", ["NetTypes", "Inference", "Wire"]),
        library("Ledger", ["Inference", "CSQLite"]),
        library(
            "Gateway",
            [
                "NetTypes", "PolicyEngine", "Wire", "Inference", "CShim", "CZlib", nio, nioPosix, nioTLS, nioSSL,
                nioHTTP2, nioHPACK,
            ]
        ),
        // Row 5
        library(
            "Daemon",
            [
                "NetTypes", "ConfigSyntax", "PolicyEngine", "Forwarding", "Liveness", "Inference", "ConfigModel",
                "Runtime", "Wire",
                "Kernel", "Probing", "ConfigYAML", "Control", "Ledger", "CShim", nio, nioPosix, nioSSL, logging,
            ]
        ),
        // Row 6
        program("martletd", ["Control", "Daemon", "Gateway", logging, argumentParser]),
        program(
            "martlet",
            [
                "NetTypes", "ConfigSyntax", "PolicyEngine", "Forwarding", "Inference", "ConfigModel", "Runtime",
                "Kernel", "ConfigYAML", "Control", argumentParser,
            ]
        ),

        // The lab: namespaces, mock providers, tools that measure inside it.
        library("Chance", [], path: "Tests/Chance"),
        library("LabText", [], path: "Tests/LabText"),
        library("Lab", ["LabText", "CTestShim"], path: "Tests/Lab"),
        program("lab-tool", ["LabText"], path: "Tests/LabTool"),
        program("lab-site", ["Lab", "LabText"], path: "Tests/LabSite"),
        program(
            "martlet-demo",
            ["Lab", "LabText", "lab-tool", "mock-provider", "martletd", "martlet"],
            path: "Tests/Demo"
        ),
        program("mock-provider", ["LabText", nio, nioPosix, nioHTTP1], path: "Tests/MockProvider"),
        program(
            "probe-tool",
            ["NetTypes", "PolicyEngine", "Liveness", "Probing"],
            path: "Tests/ProbeTool"
        ),
        program("bfd-tool", ["NetTypes", "PolicyEngine", "Liveness", "Probing"], path: "Tests/BFDTool"),
        .target(name: "CTestShim", path: "Tests/CTestShim"),

        // Benchmarks
        program("bench-nft-set", ["NetTypes", "Forwarding", "Kernel"], path: "Benchmarks/NftSet"),
        program("bench-route-sync", ["NetTypes", "Forwarding", "Kernel"], path: "Benchmarks/RouteSync"),
        program(
            "bench-probing",
            ["NetTypes", "PolicyEngine", "Liveness", "Probing"],
            path: "Benchmarks/Probing"
        ),
        program(
            "bench-decision",
            ["NetTypes", "ConfigSyntax", "PolicyEngine", "Inference"],
            path: "Benchmarks/Decision"
        ),

        // Tests
        tests("NetTypesTests", ["NetTypes"]),
        tests("ConfigSyntaxTests", ["ConfigSyntax"]),
        tests("WireTests", ["Chance", "Wire", nio, nioEmbedded, nioHTTP1]),
        tests("PolicyEngineTests", ["Chance", "NetTypes", "ConfigSyntax", "PolicyEngine"]),
        tests("ForwardingTests", ["Chance", "NetTypes", "ConfigSyntax", "PolicyEngine", "Forwarding"]),
        tests("LivenessTests", ["Chance", "NetTypes", "ConfigSyntax", "PolicyEngine", "Liveness"]),
        tests("InferenceTests", ["Chance", "NetTypes", "ConfigSyntax", "PolicyEngine", "Wire", "Inference"]),
        tests("ConfigYAMLTests", ["ConfigSyntax", "ConfigYAML"]),
        tests(
            "ConfigModelTests",
            [
                "NetTypes", "ConfigSyntax", "PolicyEngine", "Forwarding", "Liveness", "Inference", "ConfigModel",
                "ConfigYAML",
            ]
        ),
        tests(
            "RuntimeTests",
            [
                "NetTypes", "ConfigSyntax", "PolicyEngine", "Forwarding", "Liveness", "Inference", "ConfigModel",
                "Runtime",
                "ConfigYAML",
            ]
        ),
        tests("KernelTests", ["NetTypes", "Forwarding", "Kernel"]),
        tests("ControlTests", ["NetTypes", "Control"]),
        tests(
            "DaemonTests",
            [
                "NetTypes", "ConfigSyntax", "ConfigYAML", "Forwarding", "Inference", "ConfigModel", "Runtime",
                "Control",
                "Daemon", nio, nioPosix, logging,
            ]
        ),
        tests("LedgerTests", ["Inference", "Gateway", "Ledger"]),
        tests(
            "GatewayTests",
            [
                "NetTypes", "ConfigSyntax", "ConfigYAML", "PolicyEngine", "Wire", "Inference", "ConfigModel", "Runtime",
                "Gateway", nio, nioPosix, nioSSL, nioHPACK,
            ]
        ),
        tests(
            "MartletTests",
            [
                "NetTypes", "ConfigSyntax", "PolicyEngine", "Forwarding", "Inference", "ConfigModel", "Runtime",
                "Kernel",
                "ConfigYAML", "Control", "CTestShim",
                "martlet", argumentParser,
            ]
        ),
        tests("LabTests", ["Lab", "LabText", "lab-tool", "lab-site", "mock-provider"]),
        tests(
            "NamespaceTests",
            [
                "NetTypes", "ConfigSyntax", "PolicyEngine", "Forwarding", "Liveness", "ConfigModel", "ConfigYAML",
                "Kernel", "Probing", "CShim", "CTestShim", "Lab",
                "Chance", "LabText", "lab-tool", "probe-tool", "bfd-tool", "mock-provider", "martletd", "martlet",
            ]
        ),
        tests("WallTests", []),
    ]
)
