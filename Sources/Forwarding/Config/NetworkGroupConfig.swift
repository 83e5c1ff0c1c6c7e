/// What a group of next hops or backends is, as configured (`network.groups`).
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

package struct NetworkGroup: Hashable, Sendable {
    package let definition: GroupDefinition
    /// Parallel to `definition.members`.
    package let members: [NetworkMember]
    package let flows: Flows
    /// Of `flows: resilient`; nil for any other.
    package let buckets: Buckets?
    package let whenAllDown: WhenAllDown
    package let place: Place
}

/// One way out: a gateway, a device, or a layer-4 backend.
package struct NetworkMember: Hashable, Sendable {
    package let name: Located<String>
    /// Nil when the device is to be found from the gateway's connected prefix.
    package let device: Located<String>?
    package let gateway4: Located<IPAddress>?
    package let gateway6: Located<IPAddress>?
    /// `via: auto`: the gateway that the system's network manager learnt.
    package let isAuto: Bool
    /// A layer-4 backend. Checked, not yet served.
    package let backend: Located<IPEndpoint>?
    /// The probe that watches it; nil: only the link and its addresses do.
    package let probe: Located<String>?
    /// What traffic over it costs; nil: nothing.
    package let cost: DataCost?
    /// What traffic over it is paid for already, a day or a month.
    package let allowance: Allowance?
    /// As the operator rates it.
    package let quality: Fraction?
    package let place: Place
    /// What becomes of its flows and of their addresses.
    package var traffic = MemberTraffic()

    /// A device without a gateway: the device itself is the next hop, in both families.
    package var isDeviceOnly: Bool {
        device != nil && gateway4 == nil && gateway6 == nil && !isAuto && backend == nil
    }

    /// The gateway in one family, if any.
    package func gateway(_ family: AddressFamily) -> Located<IPAddress>? { family == .v4 ? gateway4 : gateway6 }
}

/// How a flow finds its member when weights change.
package enum Flows: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
    /// The kernel's flow hash over the weights: a changed weight may move flows.
    case hash
    /// The kernel's resilient hashing: flows move only when they must.
    case resilient
    /// The connection mark holds a flow to its member while that is healthy.
    case sticky
}

/// What becomes of a group's traffic when no member is healthy.
package enum WhenAllDown: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
    /// The members that carried it last go on carrying it.
    case keepLast = "keep-last"
    /// Senders are told.
    case unreachable
    /// It is dropped in silence.
    case blackhole
}
