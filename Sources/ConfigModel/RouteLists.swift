/// What stands in the files of prefixes that a configuration names? They are read by whoever checks it; what is wrong in them is an
/// error of the configuration, with its place in the list.
package import ConfigSyntax
package import Forwarding
import NetTypes

struct RouteLists {
    private let contents: ListContents
    private let diagnostics: Diagnostics

    init(_ contents: @escaping ListContents, _ diagnostics: Diagnostics) {
        (self.contents, self.diagnostics) = (contents, diagnostics)
    }

    /// The lists of all files that could be read, in the order of the feeds. Wrong lines are added to the sources.
    func read(_ network: NetworkConfiguration, _ sources: inout SourceMap) -> [RouteList] {
        network.routeFiles.compactMap { read($0, &sources) }
    }

    private func read(_ definition: RouteFileDefinition, _ sources: inout SourceMap) -> RouteList? {
        read(definition.file, &sources).map { RouteList(feed: definition.name.value, $0) }
    }

    /// What stands in the files of sets.
    func readSets(_ network: NetworkConfiguration, _ sources: inout SourceMap) -> [SetContent] {
        network.sets.compactMap { set in
            guard case .file(let file) = set.content else { return nil }
            return read(file, &sources).map { SetContent(set: set.name.value, $0) }
        }
    }

    private func read(_ named: Located<String>, _ sources: inout SourceMap) -> PrefixFile? {
        let path = sources.path(of: named)
        do throws(UnreadableList) {
            let file = PrefixFile(try contents(path))
            report(file, path, &sources)
            return file
        } catch {
            diagnostics.report("cannot read '\(path)': \(error.words)", at: named.place)
            return nil
        }
    }

    private func report(_ file: PrefixFile, _ path: String, _ sources: inout SourceMap) {
        guard !file.faults.isEmpty else { return }
        let excerpts = Dictionary(file.faults.map { ($0.line, $0.text) }, uniquingKeysWith: { first, _ in first })
        let number = sources.add(SourceFile(name: path, excerpts: excerpts))
        for fault in file.faults {
            let place = Place(file: number, line: UInt32(clamping: fault.line), column: UInt32(clamping: fault.column))
            diagnostics.report(fault.words, at: place)
        }
        guard file.faultCount > file.faults.count else { return }
        diagnostics.report(
            "\(file.faultCount) lines are wrong; the first \(file.faults.count) follow",
            at: .wholeFile(number)
        )
    }
}

extension SourceMap {
    /// Where a file of prefixes is: beside the file of the configuration that names it, unless it says otherwise.
    package func path(of file: Located<String>) -> String {
        if file.value.hasPrefix("/") { return file.value }
        let named = Int(file.place.file)
        guard named < files.count, let slash = files[named].name.lastIndex(of: "/") else { return file.value }
        return String(files[named].name[...slash]) + file.value
    }
}

extension SetContent {
    package init(set: String, _ file: PrefixFile) {
        let prefixes = AddressFamily.allCases.flatMap { file.list.prefixes($0) }
        self.init(set: set, addresses: AddressRanges(prefixes), duplicates: file.duplicates)
    }
}

extension RouteList {
    package init(feed: String, _ file: PrefixFile) {
        self.init(feed: feed, prefixes: file.list, duplicates: file.duplicates)
    }
}

/// What came of reading a feed's file again while the router runs.
package struct ListReading: Hashable, Sendable, Codable {
    package let feed: String
    /// Nil: the file cannot be read, or a line of it is wrong; then the list stays as it was.
    package let list: RouteList?
    /// What is wrong with it, first of all.
    package let problem: String?

    package init(feed: String, list: RouteList?, problem: String?) {
        (self.feed, self.list, self.problem) = (feed, list, problem)
    }

    /// Reads the file of the feed.
    package static func of(_ feed: String, at path: String, _ contents: ListContents) -> ListReading {
        let (file, problem) = PrefixFile.read(path, contents)
        return ListReading(feed: feed, list: file.map { RouteList(feed: feed, $0) }, problem: problem)
    }
}

/// What came of reading a set's file again while the router runs.
package struct SetReading: Hashable, Sendable, Codable {
    package let set: String
    /// Nil: the file cannot be read, or a line of it is wrong; then the set stays as it was.
    package let content: SetContent?
    /// What is wrong with it, first of all.
    package let problem: String?

    package init(set: String, content: SetContent?, problem: String?) {
        (self.set, self.content, self.problem) = (set, content, problem)
    }

    /// Reads the file of the set.
    package static func of(_ set: String, at path: String, _ contents: ListContents) -> SetReading {
        let (file, problem) = PrefixFile.read(path, contents)
        return SetReading(set: set, content: file.map { SetContent(set: set, $0) }, problem: problem)
    }
}

extension PrefixFile {
    /// The file, or what is wrong with it.
    fileprivate static func read(_ path: String, _ contents: ListContents) -> (file: PrefixFile?, problem: String?) {
        do throws(UnreadableList) {
            let file = PrefixFile(try contents(path))
            guard let fault = file.faults.first else { return (file, nil) }
            let more = file.faultCount > 1 ? " (and \(file.faultCount - 1) more)" : ""
            return (nil, "\(path):\(fault.line):\(fault.column): \(fault.words)\(more)")
        } catch {
            return (nil, "cannot read '\(path)': \(error.words)")
        }
    }
}
