/// Which files does the wall stand around? Reads the package that this test was built from.
import Foundation

struct SourceTree {
    private let root: URL

    struct PackageManagerFailed: Error, CustomStringConvertible {
        let message: String
        var description: String { "swift package dump-package: \(message)" }
    }

    /// The package of this test, or the copy that `scripts/try-the-wall` planted something in.
    init() {
        if let copy = ProcessInfo.processInfo.environment["MARTLET_WALL_ROOT"] {
            root = URL(filePath: copy)
        } else {
            root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
        }
    }

    /// The names of the folders in `Sources`, in order.
    func folders() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: sourcesPath).sorted()
    }

    /// Every Swift source of the package.
    func sources() throws -> [SourceFile] {
        try FileManager.default.subpathsOfDirectory(atPath: sourcesPath).filter { $0.hasSuffix(".swift") }.sorted().map
        {
            let text = try String(contentsOf: URL(filePath: sourcesPath).appending(path: $0), encoding: .utf8)
            return SourceFile(path: "Sources/" + $0, text: text)
        }
    }

    /// What the package manager makes of the manifest. It gets a place of its own to work in: the build directory is locked by the
    /// run that this test is part of.
    func manifest() throws -> Manifest {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "martlet-wall-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let (output, errors) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["swift", "package", "--package-path", root.path(), "--scratch-path", scratch.path(), "dump-package"]
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let json = try output.fileHandleForReading.readToEnd() ?? Data()
        let message = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw PackageManagerFailed(message: String(decoding: message, as: UTF8.self))
        }
        return try JSONDecoder().decode(Manifest.self, from: json)
    }

    /// Symbolic links resolved, since a walk does not enter one.
    private var sourcesPath: String { root.appending(path: "Sources").resolvingSymlinksInPath().path() }
}
