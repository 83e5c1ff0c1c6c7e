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

let package = Package(
    name: "martlet",
    targets: [
        .target(name: "NetTypes", swiftSettings: settings),
        .target(name: "ConfigSyntax", swiftSettings: settings),
        .target(name: "PolicyEngine", dependencies: ["NetTypes", "ConfigSyntax"], swiftSettings: settings),
        .target(
            name: "Forwarding",
            dependencies: ["NetTypes", "ConfigSyntax", "PolicyEngine"],
            swiftSettings: settings
        ),
    ]
)
