/// Is there somebody at an address of a link? The kernel's neighbour entry (`struct ndmsg`, arp(7)), asked for alone.
import CShim
import Forwarding
package import NetTypes

package struct Neighbour: Hashable, Sendable {
    /// `NUD_*`, by the names that ip-neighbour(8) has for them.
    package enum State: String, Hashable, Sendable {
        /// There is no entry: nothing was sent there lately.
        case none
        case incomplete
        case reachable
        case stale
        case delay
        case probe
        case failed
        case noarp
        case permanent

        init(_ flags: UInt16) {
            self =
                switch Int32(flags) {
                case NUD_INCOMPLETE: .incomplete
                case NUD_REACHABLE: .reachable
                case NUD_STALE: .stale
                case NUD_DELAY: .delay
                case NUD_PROBE: .probe
                case NUD_FAILED: .failed
                case NUD_NOARP: .noarp
                case NUD_PERMANENT: .permanent
                default: .none
                }
        }
    }

    package let state: State
    /// Six bytes on Ethernet; nil while it is not known.
    package let linkAddress: [UInt8]?

    /// `ENOENT` of errno(3).
    private static let noEntry: Int32 = 2

    /// The entry of an address on an interface of the calling thread's network namespace. Throws what kept it from being asked.
    package static func entry(
        of address: IPAddress,
        on interface: UInt32,
        within limit: Span = .seconds(1)
    ) throws(NetlinkFailure) -> Neighbour {
        var socket = try NetlinkSocket.open(.route, receiveBuffer: 1 << 16)
        var found = Neighbour(state: .none, linkAddress: nil)
        do throws(NetlinkFailure) {
            try socket.ask(within: limit) {
                $0.getNeighbour(address, interface, sequence: $1)
            } each: { message, bytes throws(MalformedMessage) in
                guard Int(message.type) == Int(RTM_NEWNEIGH) else { return }
                found = try Neighbour(message, in: bytes)
            }
        } catch .refused(let refusal) where refusal.errno == noEntry {
            return found
        }
        return found
    }

    init(state: State, linkAddress: [UInt8]?) { (self.state, self.linkAddress) = (state, linkAddress) }

    /// `struct ndmsg`.
    private static let headerSize = 12

    init(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = try AttributeCursor(message.payload, after: Self.headerSize)
        var linkAddress: [UInt8]?
        while let attribute = try attributes.next(in: bytes) {
            guard attribute.type == UInt16(NDA_LLADDR) else { continue }
            linkAddress = attribute.value.map { bytes.load($0, as: UInt8.self) }
        }
        let flags = bytes.load(message.payload.lowerBound + 8, as: UInt16.self)
        self.init(state: State(flags), linkAddress: linkAddress)
    }
}

extension MessageEncoder {
    fileprivate mutating func getNeighbour(_ address: IPAddress, _ interface: UInt32, sequence: UInt32) -> Bool {
        // The answer is one message, and an acknowledgement ends it.
        begin(Int(RTM_GETNEIGH), flags: NLM_F_REQUEST | NLM_F_ACK, sequence: sequence)
        put(address.family.number)
        for _ in 0..<3 { put(UInt8(0)) }
        put(interface)
        put(UInt32(0))
        attribute(UInt16(NDA_DST), address)
        return finish()
    }
}
