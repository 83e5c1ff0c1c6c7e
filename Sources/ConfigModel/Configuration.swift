/// Everything that was configured, checked and put together: what the daemon's runtime is given.
package import ConfigSyntax
package import Forwarding
package import Inference
package import Liveness

package struct Configuration: Hashable, Sendable {
    /// Of the file format; 1.
    package let version: Int
    /// Nil: no network plane, and no privilege needed.
    package var network: NetworkConfiguration?
    /// `network.probes`.
    package let probes: [ProbeDefinition]
    /// Nil: no model plane, and no gateway process.
    package var models: ModelsConfiguration?
    package let control: ControlConfiguration
    /// Turns the places of all values into file, line and text.
    package let sources: SourceMap
    /// What parses and checks, but this version does not serve, by path; a configuration with any is refused at apply.
    package let unserved: [Diagnostic]
}
