/// docs/api.yaml against what is really sent: paths, methods, property names, and which of them are always there.
import ConfigSyntax
import ConfigYAML
import Control
import NetTypes
import Testing

@Suite struct APIDocumentTests {
    /// The document's tree, read by our own strict reader.
    private static let document: Node? = {
        let path = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/docs/api.yaml"
        guard let text = try? Fixture.text(path) else { return nil }
        return ConfigLoader.read([(name: "api.yaml", bytes: Array(text.utf8))]).root
    }()

    private func node(_ path: [String]) throws -> Node {
        var node = try #require(Self.document, "docs/api.yaml is not YAML that we read")
        for key in path {
            guard case .map(let entries) = node.kind else { break }
            node = try #require(entries.first { $0.key.value == key }?.value, "there is no \(path)")
        }
        return node
    }

    private func keys(_ path: String...) throws -> [String] {
        guard case .map(let entries) = try node(path).kind else { return [] }
        return entries.map(\.key.value)
    }

    private func texts(_ path: String...) throws -> [String] {
        guard case .list(let items) = try node(path).kind else { return [] }
        return items.compactMap(\.text)
    }

    @Test func everyCallIsDescribedByPathAndMethodAndNoOther() throws {
        let files = ConfigurationFiles(files: [])
        let address = try #require(IPAddress("192.0.2.1"))
        let calls: [ControlCall] =
            [
                .status, .plan(files), .apply(ApplyRequest(files)), .confirm, .rollback(RollbackRequest()), .history,
                .configuration(0), .kernelDiff, .explainRoute(RouteQuestion(destination: address)),
                .explainModel(ModelQuestion(prompt: "", model: "")), .explainDecision(id: "ID"),
                .setAdmin(AdminRequest(member: "", admin: "")), .createKey(KeyWish(name: "")),
                .rotateKey(KeyRotation(name: "")), .revokeKey(KeyRevocation(name: "")), .probe(ProbeWish(member: "")),
                .flows(FlowsWish(member: "")), .top, .usage(UsageQuestion()), .watch,
            ] + ControlCall.Table.allCases.map { .show($0) }
        let described = try keys("paths").flatMap { path in try keys("paths", path).map { "\($0) \(path)" } }
        let asked = calls.map { call in
            call.target.method.lowercased() + " "
                + call.target.path.replacing("/ID", with: "/{id}")
                .replacing("/configuration/0", with: "/configuration/{number}")
        }
        #expect(described.sorted() == asked.sorted())
    }

    /// Every property set, and none that may be missing.
    @Test(arguments: DescribedType.all) func theDescribedPropertiesAreThoseThatAreSent(type: DescribedType) throws {
        let described = try keys("components", "schemas", type.name, "properties")
        #expect(described.sorted() == type.all)
        #expect(try texts("components", "schemas", type.name, "required").sorted() == type.always)
    }

    @Test func theVersionIsTheProgramsOwn() throws {
        #expect(try node(["info", "version"]).text == MartletVersion.text)
    }
}
