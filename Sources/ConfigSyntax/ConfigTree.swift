/// What the files of one configuration say before any schema has looked at it.
package struct ConfigTree: Sendable {
    /// The merged root; nil when a file could not be read or is not the YAML we take, so that reading on would only produce
    /// errors that follow from that.
    package let root: Node?
    package let sources: SourceMap
    /// What is wrong so far, in file order.
    package let errors: [Diagnostic]

    package init(root: Node?, sources: SourceMap, errors: [Diagnostic]) {
        self.root = root
        self.sources = sources
        self.errors = errors
    }
}
