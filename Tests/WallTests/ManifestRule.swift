/// Does the manifest say what the import table says? Reads what the package manager makes of `Package.swift`, so that it does not matter
/// how the manifest is written.

/// What `swift package dump-package` prints, as far as the table is concerned.
struct Manifest: Decodable, Equatable {
    struct Target: Decodable, Equatable {
        let name: String
        /// `regular`, `executable`, `system`, `test` …
        let type: String
        /// Given only when the target does not stand in `Sources/<name>`.
        let path: String?
        let dependencies: [Dependency]
    }

    /// A target or a product that a target depends on. It arrives as `{"byName": ["NetTypes", null]}`, the kind being the key.
    struct Dependency: Decodable, Equatable {
        let name: String

        init(name: String) { self.name = name }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Kind.self)
            guard let kind = container.allKeys.first else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "unknown kind")
                )
            }
            var parts = try container.nestedUnkeyedContainer(forKey: kind)
            name = try parts.decode(String.self)
        }

        private enum Kind: String, CodingKey {
            case byName, product, target
        }
    }

    let targets: [Target]
}

enum ManifestRule {
    /// What is no part of the product: it may depend on what it likes.
    private static let outside = ["Tests/", "Benchmarks/"]

    /// Where manifest, table and folders differ. `folders` are the names in `Sources`. Tests, and what
    /// stands under `outside`, are left out.
    static func violations(in manifest: Manifest, table: [ImportRow], folders: [String]) -> [Violation] {
        let ours = manifest.targets.filter { target in
            target.type != "test" && !outside.contains { (target.path ?? "").hasPrefix($0) }
        }
        let missing = folders.filter { folder in !ours.contains { $0.name == folder } }
            .map { "Sources/\($0) is no target" }
        return (missing + ours.flatMap { differences(of: $0, table: table) })
            .map { Violation(file: "Package.swift", line: 1, what: $0) }
            .sorted()
    }

    private static func differences(of target: Manifest.Target, table: [ImportRow]) -> [String] {
        guard let row = table.row(of: target.name) else { return ["\(target.name) has no row in the import table"] }
        let allowed = Set(row.ours + row.packages)
        let declared = Set(target.dependencies.map(\.name))
        return declared.subtracting(allowed).sorted().map { "\(target.name) may not depend on \($0)" }
            + allowed.subtracting(declared).sorted().map { "\(target.name) may import \($0) but does not depend on it" }
            + (target.path == nil ? [] : ["\(target.name) stands outside of Sources/\(target.name)"])
    }
}
