/// How the daemon is spoken to, as configured (`control`).
package import ConfigSyntax
package import NetTypes

package struct ControlConfiguration: Hashable, Sendable {
    /// Path of the control socket; a `--socket` on the command line goes first.
    package let socket: String
    /// The group of the system whose members may change things; nil: root and the daemon's own user only.
    package let admin: Located<String>?
    /// The group of the system whose members may look.
    package let readOnly: Located<String>?
    /// Where Prometheus finds the metrics; nil: nowhere.
    package let metrics: Located<IPEndpoint>?

    package static let defaultSocket = "/run/martlet/martlet.sock"
    package static let standard = ControlConfiguration(socket: defaultSocket, admin: nil, readOnly: nil, metrics: nil)
}
