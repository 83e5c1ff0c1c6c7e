/// What is a configuration, read on this machine, worth? Everything wrong with it, or the configuration itself.
import ConfigModel
import ConfigSyntax
import ConfigYAML
import Control

struct CheckedConfiguration {
    /// The name it was asked for by.
    let name: String
    let sources: SourceMap
    /// In file order; none if there is a configuration.
    let errors: [Diagnostic]
    let configuration: Configuration?

    /// Reads a file and `conf.d/*.yaml` beside it.
    init(path: String) {
        self.init(name: path, ConfigLoader.load(path))
    }

    /// Judges what was read.
    init(name: String, _ tree: ConfigTree) {
        let reading = Configuration.read(tree)
        self.name = name
        sources = tree.sources
        errors = reading.errors
        configuration = reading.configuration
    }

    /// The texts as they were read, for the daemon.
    var files: ConfigurationFiles {
        ConfigurationFiles(
            files: sources.files.map { .init(name: $0.name, text: $0.lines.joined(separator: "\n")) }
        )
    }

    /// What `check` says.
    var report: CheckReport { CheckReport(self) }

    /// The texts, if they may be applied.
    /// - Throws: everything wrong with them, or everything in them that this version does not serve.
    func servable() throws(CommandError) -> ConfigurationFiles {
        let report = report
        guard report.ok else { throw .wrong(report) }
        guard report.unserved.isEmpty else { throw .unserved(report) }
        return files
    }
}
