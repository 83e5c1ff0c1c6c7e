/// Where the fixture configurations are and how they are read.
import ConfigModel
import ConfigSyntax
import ConfigYAML
import Foundation

enum Fixtures {
    static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let configurations = tests.appending(path: "Fixtures/config")

    /// A fixture: a file, or a folder holding `martlet.yaml` and `conf.d`.
    struct Fixture: CustomStringConvertible, Sendable {
        let url: URL
        var description: String { url.deletingPathExtension().lastPathComponent }
        var expectation: URL { url.deletingPathExtension().appendingPathExtension("expected") }

        var main: URL { url.pathExtension == "yaml" ? url : url.appending(path: "martlet.yaml") }

        func check() -> CheckedConfiguration {
            Configuration.check(ConfigLoader.load(main.path), lists: ListFile.contents)
        }

        /// All errors and unserved features as an operator reads them, without the folder's own place.
        func rendered() -> String {
            let checked = check()
            let lines =
                checked.errors.map { $0.rendered(with: checked.sources) }
                + checked.unserved.map { $0.rendered(with: checked.sources, label: "unserved") }
            let folder = main.deletingLastPathComponent().path + "/"
            return lines.joined(separator: "\n").replacingOccurrences(of: folder, with: "") + "\n"
        }
    }

    static func all(in folder: String) -> [Fixture] {
        let found = try? FileManager.default.contentsOfDirectory(
            at: configurations.appending(path: folder),
            includingPropertiesForKeys: nil
        )
        return (found ?? []).filter { $0.pathExtension == "yaml" || $0.hasDirectoryPath }
            .sorted { $0.path < $1.path }
            .map { Fixture(url: $0) }
    }

    static func fixture(_ path: String) -> Fixture { Fixture(url: configurations.appending(path: path)) }

    /// A configuration from a text.
    static func check(_ text: String) -> CheckedConfiguration {
        Configuration.check(ConfigLoader.read(Array(text.utf8), name: "martlet.yaml"))
    }
}
