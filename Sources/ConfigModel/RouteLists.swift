/// What stands in the files of prefixes that a configuration names? They are read by whoever checks it; what is wrong in them is an
/// error of the configuration, with its place in the list.
package import ConfigSyntax
package import Forwarding

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
        let path = definition.path(in: sources)
        do throws(UnreadableList) {
            let file = PrefixFile(try contents(path))
            report(file, path, &sources)
            return RouteList(feed: definition.name.value, file)
        } catch {
            diagnostics.report("cannot read '\(path)': \(error.words)", at: definition.file.place)
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

extension RouteFileDefinition {
    /// Where the file is: beside the file of the configuration that names it, unless it says otherwise.
    package func path(in sources: SourceMap) -> String {
        if file.value.hasPrefix("/") { return file.value }
        let named = Int(file.place.file)
        guard named < sources.files.count, let slash = sources.files[named].name.lastIndex(of: "/") else {
            return file.value
        }
        return String(sources.files[named].name[...slash]) + file.value
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
        do throws(UnreadableList) {
            let file = PrefixFile(try contents(path))
            guard let fault = file.faults.first else {
                return ListReading(feed: feed, list: RouteList(feed: feed, file), problem: nil)
            }
            let more = file.faultCount > 1 ? " (and \(file.faultCount - 1) more)" : ""
            return ListReading(
                feed: feed,
                list: nil,
                problem: "\(path):\(fault.line):\(fault.column): \(fault.words)\(more)"
            )
        } catch {
            return ListReading(feed: feed, list: nil, problem: "cannot read '\(path)': \(error.words)")
        }
    }
}
