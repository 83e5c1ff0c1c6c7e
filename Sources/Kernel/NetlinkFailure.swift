/// What can go wrong between us and the kernel, apart from its refusing a change.
package import Forwarding

package enum NetlinkFailure: Error, Hashable, Sendable, Codable {
    /// A system call on the socket failed.
    case system(call: String, errno: Int32)
    /// `ENOBUFS`: the socket's buffer overflowed and messages are lost; what the socket was to tell has to be read again.
    case overrun
    /// No answer came in time.
    case deadline
    /// A message does not have the layout its type promises.
    case malformed(MalformedMessage)
    /// The kernel answered a request for a dump with an error.
    case refused(KernelRefusal)
    /// The kernel says the dump is inconsistent, because its objects changed meanwhile (`NLM_F_DUMP_INTR`).
    case interrupted
}

/// A message, or an attribute inside one, that is shorter than it says or than its type needs.
package struct MalformedMessage: Error, Hashable, Sendable, Codable {
    /// Offset in the received bytes at which the fault was noticed.
    package let offset: Int

    package init(offset: Int) { self.offset = offset }
}
