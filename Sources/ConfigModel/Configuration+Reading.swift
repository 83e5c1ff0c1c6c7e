/// How the whole is read: every plane its own block, then the names that run across blocks.
package import ConfigSyntax
import Forwarding
import Inference
import Liveness
import PolicyEngine

/// The answer of one reading: what an operator sees of `check`, and what the daemon applies.
package struct CheckedConfiguration: Sendable {
    /// Nil when there are errors.
    package let configuration: Configuration?
    /// All of them, each once, in file order.
    package let errors: [Diagnostic]
    /// What is right but not served by this version, in file order: the file passes `check` and is refused at apply.
    package let unserved: [Diagnostic]
    package let sources: SourceMap
}

extension Configuration {
    /// The version of the file format that this reads.
    package static let formatVersion = 1

    /// Reads and checks what the files said.
    ///
    /// - Parameter lists: reads the files of prefixes and of prices that the configuration names; nil leaves them unread.
    package static func check(_ tree: ConfigTree, lists: ListContents? = nil) -> CheckedConfiguration {
        let diagnostics = Diagnostics()
        for error in tree.errors { diagnostics.report(error) }
        var sources = tree.sources
        var configuration = tree.root.flatMap { read($0, tree.sources, diagnostics) }
        if let lists, let network = configuration?.network {
            let reader = RouteLists(lists, diagnostics)
            configuration?.network?.lists = reader.read(network, &sources)
            for content in reader.readSets(network, &sources) { _ = configuration?.network?.fill(content) }
        }
        if let lists, let models = configuration?.models {
            configuration?.models?.listed = ListedPrices(lists, diagnostics).read(models, &sources)
        }
        return CheckedConfiguration(
            configuration: diagnostics.isEmpty ? configuration : nil,
            errors: diagnostics.sorted,
            unserved: diagnostics.sortedUnserved,
            sources: sources
        )
    }

    private static func read(_ root: Node, _ sources: SourceMap, _ diagnostics: Diagnostics) -> Configuration? {
        let block = BlockReader(root, path: "", into: diagnostics)
        guard isOurFormat(block) else { return nil }
        let (network, probes) = readNetwork(block, diagnostics)
        let sets = SetTable(network?.sets ?? [])
        let models = block.block(named: "models").map { ModelsConfiguration.read($0, sets: sets) }
        let control = block.block(named: "control").map(ControlConfiguration.read) ?? .standard
        block.finish()
        let declared = DeclaredNames(root)
        if let network { NetworkReferences(network, probes, declared, diagnostics).check() }
        if let models { ModelReferences(models, network, declared, diagnostics).check() }
        Listeners.check(models?.listen ?? [], control, diagnostics)
        return Configuration(
            version: formatVersion,
            network: network,
            probes: probes,
            models: models,
            control: control,
            sources: sources,
            unserved: diagnostics.sortedUnserved
        )
    }

    /// Whether the version is ours. If it is another, everything else that could be said would be wrong.
    private static func isOurFormat(_ block: BlockReader) -> Bool {
        guard let node = block.node("version") else {
            block.reportLack("the file does not say its version", hint: "start it with version: 1")
            return true
        }
        guard let version = Int.read(node, what: "version", into: block.diagnostics) else { return true }
        guard version.value == formatVersion else {
            let message = "version \(version.value) of the file format is not known"
            block.diagnostics.report(message, at: version.place, hint: "this program reads version \(formatVersion)")
            return false
        }
        return true
    }

    private static func readNetwork(
        _ root: BlockReader,
        _ diagnostics: Diagnostics
    ) -> (NetworkConfiguration?, [ProbeDefinition]) {
        guard let block = root.block(named: "network") else { return (nil, []) }
        let probes = ProbeDefinition.readAll(in: block)
        let network = NetworkConfiguration.read(block) { name in
            probes.first { $0.name.value == name }?.hysteresis
        }
        block.finish()
        return (network, probes)
    }
}

extension BlockReader {
    /// A block of the root, whose path is its name alone.
    fileprivate func block(named name: String) -> BlockReader? {
        node(name).map { BlockReader($0, path: name, into: diagnostics) }
    }
}
