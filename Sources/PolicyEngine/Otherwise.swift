/// What a policy does when the group it names has no member that can carry load.
import ConfigSyntax

package enum Otherwise: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
    /// The policies after it are asked.
    case next
    /// The packet or request is refused.
    case reject
}
