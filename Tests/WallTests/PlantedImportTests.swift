/// Is every way of writing a forbidden import found? Each row plants one.
import Testing

struct PlantedImportTests {
    struct Planted: CustomTestStringConvertible {
        let reason: String
        var target = "PolicyEngine"
        let source: String
        var found: [String]

        var testDescription: String { reason }
    }

    @Test(arguments: [
        Planted(reason: "plain", source: "import Forwarding", found: ["1: PolicyEngine may not import Forwarding"]),
        Planted(
            reason: "package import",
            source: "\npackage import Forwarding",
            found: ["2: PolicyEngine may not import Forwarding"]
        ),
        Planted(
            reason: "public import",
            source: "public import Forwarding",
            found: ["1: PolicyEngine may not import Forwarding"]
        ),
        Planted(
            reason: "@preconcurrency",
            source: "@preconcurrency import Forwarding",
            found: ["1: PolicyEngine may not import Forwarding"]
        ),
        Planted(
            reason: "@testable opens what is internal",
            source: "@testable import NetTypes",
            found: ["1: @testable import of NetTypes goes round the table"]
        ),
        Planted(
            reason: "@_exported hands on what it imports",
            source: "@_exported public import NetTypes",
            found: ["1: @_exported import of NetTypes goes round the table"]
        ),
        Planted(
            reason: "@_spi opens what is hidden",
            source: "@_spi(Inner) import NetTypes",
            found: ["1: @_spi import of NetTypes goes round the table"]
        ),
        Planted(
            reason: "one declaration",
            source: "import struct Foundation.Date",
            found: ["1: PolicyEngine may not import Foundation"]
        ),
        Planted(
            reason: "one function",
            source: "import func Glibc.getenv",
            found: ["1: PolicyEngine may not import Glibc"]
        ),
        Planted(
            reason: "a submodule",
            source: "import Foundation.NSDate",
            found: ["1: PolicyEngine may not import Foundation"]
        ),
        Planted(
            reason: "canImport",
            source: "#if canImport(Glibc)\n#endif",
            found: ["1: PolicyEngine may not import Glibc"]
        ),
        Planted(
            reason: "a branch that is not compiled",
            source: "#if os(macOS)\nimport Darwin\n#endif",
            found: ["2: PolicyEngine may not import Darwin"]
        ),
        Planted(
            reason: "two on one line",
            source: "import NetTypes; import Glibc",
            found: ["1: PolicyEngine may not import Glibc"]
        ),
        Planted(reason: "over two lines", source: "import\n  Glibc", found: ["1: PolicyEngine may not import Glibc"]),
        Planted(
            reason: "behind a comment",
            source: "/* why not */ import Glibc",
            found: ["1: PolicyEngine may not import Glibc"]
        ),
        Planted(reason: "in backticks", source: "import `Glibc`", found: ["1: PolicyEngine may not import Glibc"]),
        Planted(
            reason: "the planes do not import each other",
            target: "Forwarding",
            source: "import Inference",
            found: ["1: Forwarding may not import Inference"]
        ),
        Planted(
            reason: "the other way neither",
            target: "Inference",
            source: "import Liveness",
            found: ["1: Inference may not import Liveness"]
        ),
        Planted(
            reason: "a skipped level",
            target: "NetTypes",
            source: "import ConfigModel",
            found: ["1: NetTypes may not import ConfigModel"]
        ),
        Planted(
            reason: "only ConfigYAML knows Yams",
            target: "Daemon",
            source: "import Yams",
            found: ["1: Daemon may not import Yams"]
        ),
        Planted(
            reason: "C belongs to Kernel",
            target: "Daemon",
            source: "import CMnl",
            found: ["1: Daemon may not import CMnl"]
        ),
        Planted(
            reason: "the gateway has event loops, not queues",
            target: "Gateway",
            source: "import Dispatch",
            found: ["1: Gateway may not import Dispatch"]
        ),
        Planted(
            reason: "a target without a row",
            target: "Helpers",
            source: "",
            found: ["1: stands in no target of the import table"]
        ),
    ]) func aPlantedImportIsFound(planted: Planted) {
        #expect(findings(planted.source, in: planted.target) == planted.found)
    }

    @Test(arguments: [
        Planted(reason: "allowed", source: "package import NetTypes\nimport ConfigSyntax", found: []),
        Planted(reason: "in a comment", source: "// import Glibc", found: []),
        Planted(reason: "in a literal", source: #"let a = "import Glibc""#, found: []),
        Planted(reason: "a case of an enum", source: "let verb = Verb.import\nlet b = 1", found: []),
        Planted(reason: "a name in backticks", source: "case `import` = 1", found: []),
        Planted(reason: "allowed above the line", target: "Kernel", source: "import CMnl\nimport Glibc", found: []),
    ]) func whatIsAllowedIsNotFound(planted: Planted) {
        #expect(findings(planted.source, in: planted.target) == planted.found)
    }

    private func findings(_ source: String, in target: String) -> [String] {
        let file = SourceFile(path: "Sources/\(target)/Planted.swift", text: source)
        return ImportRule.violations(in: [file], table: ImportTable.rows).map { "\($0.line): \($0.what)" }
    }
}
