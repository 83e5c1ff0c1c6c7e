/// Is a word of one plane found in the policy engine, however it is spelled?
import Testing

struct PlantedPlaneWordTests {
    @Test(arguments: [
        "struct Nexthop {}", "let nextHop = 1", "var routes: [Int]", "func netlinkMessage()", "let dev = 0",
        "case prompt", "let modelName = 1", "var max_tokens = 0", "struct AnyProvider {}", "let s = \"\\(gateway)\"",
    ]) func aPlantedWordIsFound(source: String) {
        #expect(findings(source, in: "PolicyEngine").count == 1)
    }

    @Test(arguments: [
        "// a next hop or a model", "let kind = \"prompt\"", "let device = 0", "let developed = 1", "struct Member {}",
        "let addressFamily = 4", "func remodelled()",
    ]) func whatBelongsToBothPlanesIsNotFound(source: String) {
        #expect(findings(source, in: "PolicyEngine").isEmpty)
    }

    @Test func thePlanesThemselvesMaySpeak() {
        #expect(findings("struct Nexthop {}", in: "Forwarding").isEmpty)
    }

    @Test func namesAreSplitAtTheirCapitals() {
        #expect(PlaneWordRule.words(of: "HTTPModelName") == ["http", "model", "name"])
        #expect(PlaneWordRule.words(of: "max_tokens") == ["max", "tokens"])
        #expect(PlaneWordRule.words(of: "nextHop") == ["next", "hop"])
    }

    private func findings(_ source: String, in target: String) -> [String] {
        let file = SourceFile(path: "Sources/\(target)/Planted.swift", text: source)
        return PlaneWordRule.violations(in: [file]).map { "\($0)" }
    }
}
