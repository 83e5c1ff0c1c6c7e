/// Reads one configuration from the disk: a file, and `conf.d/*.yaml` beside it in byte order, merged into one tree.
package import ConfigSyntax

package enum ConfigLoader {
    /// Files of one configuration; more are a mistake, such as a directory of something else.
    package static let mostFiles = 256

    /// Reads everything and merges it. What is wrong stands in the answer; nothing is thrown.
    package static func load(_ path: String) -> ConfigTree {
        let diagnostics = Diagnostics()
        var sources = SourceMap()
        var trees = [tree(of: path, &sources, diagnostics)]
        for path in fragments(beside: path, &sources, diagnostics) {
            trees.append(tree(of: path, &sources, diagnostics))
        }
        return merged(trees, sources, diagnostics)
    }

    /// The texts alone, as `load` would read them; nil when one of them cannot be read.
    package static func texts(_ path: String) -> SourceMap? {
        let diagnostics = Diagnostics()
        var sources = SourceMap()
        var fragmentSources = SourceMap()
        for path in [path] + fragments(beside: path, &fragmentSources, diagnostics) {
            guard let bytes = try? FileReading.contents(of: path, limit: PlainText.largestFile) else { return nil }
            _ = sources.add(SourceFile(name: path, text: String(decoding: bytes, as: UTF8.self)))
        }
        return diagnostics.isEmpty ? sources : nil
    }

    /// The tree of one text that is no file, for tests.
    package static func read(_ bytes: [UInt8], name: String) -> ConfigTree { read([(name, bytes)]) }

    /// The tree of texts that were read elsewhere, in reading order: what arrives over the control socket, and recordings.
    package static func read(_ texts: [(name: String, bytes: [UInt8])]) -> ConfigTree {
        let diagnostics = Diagnostics()
        var sources = SourceMap()
        guard (1...mostFiles).contains(texts.count) else {
            let file = sources.add(SourceFile(name: texts.first?.name ?? "the configuration", text: ""))
            diagnostics.report(
                texts.isEmpty ? "there is no text" : "more than \(mostFiles) files",
                at: .wholeFile(file)
            )
            return ConfigTree(root: nil, sources: sources, errors: diagnostics.sorted)
        }
        let trees = texts.map { name, bytes in
            let file = sources.add(SourceFile(name: name, text: String(decoding: bytes, as: UTF8.self)))
            return YAMLDocument.read(bytes, file: file, into: diagnostics)
        }
        return merged(trees, sources, diagnostics)
    }

    /// The trees as one; without a root when one of them could not be read.
    private static func merged(_ trees: [Node?], _ sources: SourceMap, _ diagnostics: Diagnostics) -> ConfigTree {
        let complete = trees.compactMap { $0 }
        guard complete.count == trees.count, let first = complete.first else {
            return ConfigTree(root: nil, sources: sources, errors: diagnostics.sorted)
        }
        let root = complete.dropFirst().reduce(first) { NodeMerging.merged($0, $1, path: "", into: diagnostics) }
        return ConfigTree(root: root, sources: sources, errors: diagnostics.sorted)
    }

    private static func tree(of path: String, _ sources: inout SourceMap, _ diagnostics: Diagnostics) -> Node? {
        do {
            let bytes = try FileReading.contents(of: path, limit: PlainText.largestFile)
            let file = sources.add(SourceFile(name: path, text: String(decoding: bytes, as: UTF8.self)))
            return YAMLDocument.read(bytes, file: file, into: diagnostics)
        } catch {
            let file = sources.add(SourceFile(name: path, text: ""))
            diagnostics.report("cannot read the file: \(error.words)", at: .wholeFile(file))
            return nil
        }
    }

    /// The fragments' paths in byte order. A name that looks like one but would not be read is an error: nobody puts a `.yml`
    /// there to have it ignored.
    private static func fragments(
        beside path: String,
        _ sources: inout SourceMap,
        _ diagnostics: Diagnostics
    ) -> [String] {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let directory = folder + "conf.d"
        let names: [String]
        do {
            names = try FileReading.names(in: directory).sorted {
                Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8))
            }
        } catch {
            guard !error.isAbsence else { return [] }
            let file = sources.add(SourceFile(name: directory, text: ""))
            diagnostics.report("cannot read the directory: \(error.words)", at: .wholeFile(file))
            return []
        }
        for name in names where name.hasSuffix(".yml") && !name.hasPrefix(".") {
            let file = sources.add(SourceFile(name: "\(directory)/\(name)", text: ""))
            diagnostics.report("only *.yaml is read here", at: .wholeFile(file), hint: "rename it or move it away")
        }
        let found = names.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }
        if found.count > mostFiles {
            let file = sources.add(SourceFile(name: directory, text: ""))
            diagnostics.report("more than \(mostFiles) files", at: .wholeFile(file))
        }
        return found.prefix(mostFiles).map { "\(directory)/\($0)" }
    }
}
