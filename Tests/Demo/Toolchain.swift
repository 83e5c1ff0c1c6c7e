import Foundation
import Lab

/// Can an unprivileged user load Swift's libraries here? A toolchain often stands in a home directory that is closed to others; then
/// martletd gets copies beside it.
enum Toolchain {
    /// What the program's environment needs for `account` to run it.
    static func environment(
        toRun program: String,
        in namespace: Namespace,
        as account: Account,
        _ workspace: Workspace
    ) throws -> [String: String] {
        let trial = try namespace.spawn([program, "--version"], as: account)
        if try trial.waitForEnd(within: .seconds(10)).isSuccess { return [:] }
        let directory = URL(filePath: workspace.path("libraries"))
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for library in try libraries(of: program, in: namespace) {
            let source = URL(filePath: library)
            try FileManager.default.copyItem(at: source, to: directory.appending(path: source.lastPathComponent))
        }
        return ["LD_LIBRARY_PATH": directory.path]
    }

    /// The toolchain's libraries that `program` is linked to: `ldd` prints `name => path (address)`.
    private static func libraries(of program: String, in namespace: Namespace) throws -> [String] {
        try namespace.run(["ldd", program]).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 2, words[1] == "=>", words[2].contains("/swift/linux/") else { return nil }
            return String(words[2])
        }
    }
}
