import ConfigSyntax
import ConfigYAML
import Foundation
import Testing

/// Each test works in a directory of its own, gone afterwards.
@Suite struct ConfigFilesTests {
    private func inDirectory(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "martlet-config-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (name, text) in files {
            let url = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try text.write(to: url, atomically: true, encoding: .utf8)
        }
        try body(root.path)
    }

    private func keys(_ tree: ConfigTree) -> [String] {
        guard case .map(let entries)? = tree.root?.kind else { return [] }
        return entries.map(\.key.value)
    }

    @Test func fragmentsAreReadInByteOrder() throws {
        let files = [
            "m.yaml": "a: 1", "conf.d/9.yaml": "d: 1", "conf.d/10.yaml": "b: 1", "conf.d/Z.yaml": "e: 1",
            "conf.d/é.yaml": "f: 1",
        ]
        try inDirectory(files) { root in
            let tree = ConfigLoader.load("\(root)/m.yaml")
            #expect(keys(tree) == ["a", "b", "d", "e", "f"])
            #expect(
                tree.sources.files.map { $0.name.dropFirst(root.count + 1) } == [
                    "m.yaml", "conf.d/10.yaml", "conf.d/9.yaml", "conf.d/Z.yaml", "conf.d/é.yaml",
                ]
            )
        }
    }

    @Test func hiddenFilesAndOtherEndingsAreNotRead() throws {
        let files = ["m.yaml": "a: 1", "conf.d/.x.yaml": "b: 1", "conf.d/x.yaml~": "c: 1", "conf.d/README": "d: 1"]
        try inDirectory(files) { root in
            let tree = ConfigLoader.load("\(root)/m.yaml")
            #expect(keys(tree) == ["a"] && tree.errors.isEmpty)
        }
    }

    @Test func aFragmentThatWouldBeIgnoredIsAnError() throws {
        try inDirectory(["m.yaml": "a: 1", "conf.d/x.yml": "b: 1"]) { root in
            let errors = ConfigLoader.load("\(root)/m.yaml").errors
            #expect(errors.map(\.message) == ["only *.yaml is read here"])
        }
    }

    @Test func whatCannotBeReadIsNamed() throws {
        try inDirectory(["conf.d/a.yaml/x": ""]) { root in
            let tree = ConfigLoader.load("\(root)/m.yaml")
            #expect(tree.root == nil)
            #expect(
                tree.errors.map { $0.rendered(with: tree.sources) } == [
                    "\(root)/m.yaml: error: cannot read the file: No such file or directory",
                    "\(root)/conf.d/a.yaml: error: cannot read the file: not a regular file",
                ]
            )
        }
    }

    @Test(.timeLimit(.minutes(1))) func aPipeInPlaceOfAFileDoesNotHoldTheReader() throws {
        try inDirectory(["keep": ""]) { root in
            try #require(mkfifo("\(root)/m.yaml", 0o600) == 0)
            let errors = ConfigLoader.load("\(root)/m.yaml").errors
            #expect(errors.map(\.message) == ["cannot read the file: not a regular file"])
        }
    }

    @Test func aLeafInTwoFilesIsAnErrorNamingBothPlaces() throws {
        try inDirectory(["m.yaml": "a: { b: 1 }\nl: [1]\n", "conf.d/x.yaml": "a: { c: 2, b: 1 }\nl: [2]\n"]) { root in
            let tree = ConfigLoader.load("\(root)/m.yaml")
            #expect(tree.errors.map(\.message) == ["'a.b' is set in another file already"])
            #expect(tree.errors.first?.place == Place(file: 1, line: 1, column: 15))
            #expect(tree.errors.first?.related == Place(file: 0, line: 1, column: 9))
            guard case .map(let entries)? = tree.root?.kind, case .list(let items)? = entries.last?.value.kind else {
                Issue.record("lists are appended")
                return
            }
            #expect(items.map(\.text) == ["1", "2"])
        }
    }
}
