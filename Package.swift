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
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "martlet",
    targets: [
        // Row 0
        library("NetTypes", []),
        library("ConfigSyntax", []),
        library("Wire", ["NetTypes"]),
        // Row 1
        library("PolicyEngine", ["NetTypes", "ConfigSyntax"]),
        // Row 2
        library("Forwarding", ["NetTypes", "ConfigSyntax", "PolicyEngine"]),
        library("Liveness", ["NetTypes", "ConfigSyntax", "PolicyEngine"]),
        library("Inference", ["NetTypes", "ConfigSyntax", "PolicyEngine", "Wire"]),
        // Row 3
        library(
            "ConfigModel",
            ["NetTypes", "ConfigSyntax", "PolicyEngine", "Forwarding", "Liveness", "Inference"]
        ),
    ]
)
