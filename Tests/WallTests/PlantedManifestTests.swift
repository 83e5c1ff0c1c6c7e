/// Is every way found in which the manifest can say something else than the table?
import Foundation
import Testing

struct PlantedManifestTests {
    private static let table = [
        ImportRow("Low", .pure),
        ImportRow("High", .outside, ours: ["Low"], packages: ["NIOCore"], further: ["Glibc"]),
    ]

    private static let low = target("Low")
    private static let high = target("High", ["Low", "NIOCore"])

    private static func target(
        _ name: String,
        _ dependencies: [String] = [],
        type: String = "regular",
        path: String? = nil
    ) -> Manifest.Target {
        Manifest.Target(name: name, type: type, path: path, dependencies: dependencies.map { .init(name: $0) })
    }

    @Test func aManifestThatAgreesHasNoViolations() {
        let tests = Self.target("HighTests", ["Low", "High"], type: "test")
        let lab = Self.target("Lab", ["High"], type: "executable", path: "Tests/Lab")
        #expect(findings([Self.low, Self.high, tests, lab], folders: ["High", "Low"]) == [])
    }

    @Test(arguments: [
        (target("High", ["Low", "NIOCore", "Yams"]), "High may not depend on Yams"),
        (target("High", ["NIOCore"]), "High may import Low but does not depend on it"),
        (target("High", ["Low"]), "High may import NIOCore but does not depend on it"),
        (target("Low", ["High"]), "Low may not depend on High"),
        (target("New"), "New has no row in the import table"),
        (target("High", ["Low", "NIOCore"], path: "Elsewhere/High"), "High stands outside of Sources/High"),
    ]) func aPlantedDifferenceIsFound(planted: Manifest.Target, violation: String) {
        #expect(findings([planted], folders: []) == [violation])
    }

    @Test func aFolderWithoutATargetIsFound() {
        #expect(findings([Self.low], folders: ["Low", "Other"]) == ["Sources/Other is no target"])
    }

    @Test func whatThePackageManagerPrintsIsRead() throws {
        let json = """
            {"name": "p", "targets": [{"name": "High", "type": "regular", "resources": [], "dependencies": [
                {"byName": ["Low", null]}, {"product": ["NIOCore", "swift-nio", null, null]}, {"target": ["C", null]}
            ]}]}
            """
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(json.utf8))
        #expect(manifest.targets == [Self.target("High", ["Low", "NIOCore", "C"])])
    }

    private func findings(_ targets: [Manifest.Target], folders: [String]) -> [String] {
        ManifestRule.violations(in: Manifest(targets: targets), table: Self.table, folders: folders).map(\.what)
    }
}
