/// What the running kernel can do: whether it is new enough for us at all, and which optional features it has.
import CShim
import Forwarding
import Glibc
import NetTypes

/// A kernel's version, as far as features go by it.
package struct KernelRelease: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    /// The oldest that is served: resilient groups came with 5.13, marks without CAP_NET_ADMIN (the gateway's) with 5.17.
    package static let minimum = KernelRelease(major: 5, minor: 17)

    package init(major: Int, minor: Int) { (self.major, self.minor) = (major, minor) }

    /// From what uname(2) says: `6.1.0-18-amd64`; nil when it does not begin with two numbers.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1].prefix { $0.isNumber }) else {
            return nil
        }
        self.init(major: major, minor: minor)
    }

    /// Of the kernel this runs on; nil when it cannot be told.
    package static var running: KernelRelease? {
        var name = utsname()
        guard uname(&name) == 0 else { return nil }
        let text = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return KernelRelease(text)
    }

    package static func < (a: KernelRelease, b: KernelRelease) -> Bool { (a.major, a.minor) < (b.major, b.minor) }

    package var description: String { "\(major).\(minor)" }
}

package struct KernelFeatures: Hashable, Sendable {
    /// Whether a member's weight may be above 256 (6.12).
    package let hasWideWeights: Bool

    /// Asks the kernel of the calling thread's network namespace, without changing anything; needs CAP_NET_ADMIN.
    package static func probe() throws(NetlinkFailure) -> KernelFeatures {
        KernelFeatures(hasWideWeights: try refusal(ofWeight: 257) == refusal(ofWeight: 1))
    }

    /// What the kernel says to a group of one member that is not there: a kernel that keeps weights in one byte complains of the other
    /// byte before it looks for the member.
    private static func refusal(ofWeight weight: UInt32) throws(NetlinkFailure) -> KernelRefusal? {
        var socket = try NetlinkSocket.open(.route, receiveBuffer: 1 << 16)
        let nobody = WeightedNexthop(id: NexthopID(.max), weight: weight)
        do throws(NetlinkFailure) {
            try socket.ask(within: .seconds(1)) {
                $0.tryGroup(of: nobody, sequence: $1)
            } each: { _, _ in
            }
            return nil
        } catch .refused(let refusal) {
            return refusal
        }
    }
}

extension MessageEncoder {
    /// Asks for a change of a group that is not there, which is refused at the latest for that.
    fileprivate mutating func tryGroup(of member: WeightedNexthop, sequence: UInt32) -> Bool {
        begin(Int(RTM_NEWNEXTHOP), flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE, sequence: sequence)
        nexthopHeader(FamilyNumber.unspecified, 0, flags: 0)
        attribute(UInt16(NHA_ID), member.id.value)
        group([member])
        return finish()
    }
}
