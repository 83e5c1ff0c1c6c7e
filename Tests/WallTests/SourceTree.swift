/// Which files does the wall stand around? Reads the package that this test was built from.
import Foundation

struct SourceTree {
    let root: URL

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
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path()).sorted()
    }

    /// Every Swift source of the package.
    func sources() throws -> [SourceFile] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: "Sources").path())
        return try paths.filter { $0.hasSuffix(".swift") }.sorted().map { try read("Sources/" + $0) }
    }

    /// One file, by its path from the package's root.
    func read(_ path: String) throws -> SourceFile {
        SourceFile(path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
    }
}
