/// Is every way found in which the manifest can say something else than the table?
import Foundation
import Testing

struct PlantedManifestTests {
    private static let table = [
        ImportRow("Low", .pure, row: 0),
        ImportRow("High", .outside, row: 1, ours: ["Low"], packages: ["NIOCore"], toolchain: ["Glibc"]),
    ]

    private static let good = """
        let package = Package(
            name: "p",
            dependencies: [.package(url: "https://example.org/p", exact: "1.0.0")],
            targets: [
                // .target(name: "Commented"),
                .target(name: "Low", swiftSettings: settings),
                .target(
                    name: "High",
                    dependencies: ["Low", .product(name: "NIOCore", package: "swift-nio")],
                    swiftSettings: settings
                ),
                .target(name: "Lab", dependencies: ["Low"], path: "Tests/Lab"),
                .testTarget(name: "HighTests", dependencies: [.target(name: "High"), "Low"]),
            ]
        )
        """

    @Test func aManifestThatAgreesHasNoViolations() {
        #expect(findings(Self.good, folders: ["High", "Low"]) == [])
    }

    @Test(arguments: [
        ("\"Low\", .product", ".product", "7: High does not depend on Low, which the table lets it import"),
        (
            ".product(name: \"NIOCore\", package: \"swift-nio\")", "",
            "7: High does not depend on NIOCore, which the table lets it import"
        ),
        ("\"Low\", .product", "\"Low\", \"Lab\", .product", "7: High may not depend on Lab"),
        ("\"Low\", .product", "\"Low\", .target(name: \"Lab\"), .product", "7: High may not depend on Lab"),
        (
            "\"Low\", .product", "\"Low\", .product(name: \"NIO\", package: \"n\"), .product",
            "7: High may not depend on NIO"
        ),
        (
            "[\"Low\", .product", "shared + [\"Low\", .product",
            "7: High: write the dependencies out instead of `shared`"
        ),
        ("name: \"Low\", swift", "name: \"Low\", dependencies: [\"High\"], swift", "6: Low may not depend on High"),
        (".target(name: \"Low\"", ".target(name: \"New\"", "6: New has no row in the import table"),
        (", path: \"Tests/Lab\"", "", "12: Lab has no row in the import table"),
    ]) func aPlantedDifferenceIsFound(before: String, after: String, violation: String) throws {
        let planted = try #require(
            Self.good.range(of: before).map { Self.good.replacingCharacters(in: $0, with: after) }
        )
        #expect(findings(planted, folders: []) == [violation])
    }

    @Test func aFolderWithoutATargetIsFound() {
        #expect(findings(Self.good, folders: ["High", "Low", "Other"]) == ["1: no target for Sources/Other"])
    }

    private func findings(_ manifest: String, folders: [String]) -> [String] {
        ManifestRule.violations(in: manifest, table: Self.table, folders: folders).map { "\($0.line): \($0.what)" }
    }
}
