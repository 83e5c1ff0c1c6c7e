/// What does a local server say of itself, for `show providers`?
package import NetTypes

package struct ServerRow: Codable, Sendable, Equatable {
    package struct Model: Codable, Sendable, Equatable {
        package var name: String
        /// Tokens of prompt and answer; nil: not said.
        package var context: UInt64?
        /// Whether it answers without having to be loaded first.
        package var loaded: Bool

        package init(name: String, context: UInt64?, loaded: Bool) {
            (self.name, self.context, self.loaded) = (name, context, loaded)
        }
    }

    /// Loaded ones first.
    package var models: [Model]
    /// Requests that it works on, whoever asked them; nil: it does not say.
    package var running: UInt32?
    /// Requests that it has not begun; nil: it does not say.
    package var waiting: UInt32?
    /// How long ago it said so.
    package var readAgo: Span

    package init(models: [Model], running: UInt32?, waiting: UInt32?, readAgo: Span) {
        (self.models, self.running, self.waiting, self.readAgo) = (models, running, waiting, readAgo)
    }
}
