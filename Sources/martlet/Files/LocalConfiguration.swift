/// What is a configuration, read on this machine, worth? Its report, and its texts if the daemon would take them.
import ConfigModel
import ConfigSyntax
import ConfigYAML
import Control
import Glibc

struct LocalConfiguration {
    /// The name it was asked for by.
    let name: String
    let checked: CheckedConfiguration

    /// Reads a file and `conf.d/*.yaml` beside it.
    init(path: String) {
        name = path
        checked = Configuration.check(ConfigLoader.load(path), lists: ListFile.contents)
    }

    /// Reads texts that came from elsewhere.
    init(texts: [(name: String, bytes: [UInt8])]) {
        name = texts.first?.name ?? "the configuration"
        checked = Configuration.check(ConfigLoader.read(texts))
    }

    /// What `check` says.
    var report: CheckReport { CheckReport(name, checked) }

    /// The texts as they were read, for the daemon, under names that mean the same to it: lists of routes stand beside them.
    /// - Throws: everything wrong with them, or everything in them that this version does not serve.
    func servable() throws(CommandError) -> ConfigurationFiles {
        let report = report
        guard report.ok else { throw .wrong(report) }
        guard report.unserved.isEmpty else { throw .unserved(report) }
        return ConfigurationFiles(
            files: checked.sources.files.map {
                .init(name: Self.absolute($0.name), text: $0.lines.joined(separator: "\n"))
            }
        )
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        let plain = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return String(cString: here) + "/" + plain
    }
}
