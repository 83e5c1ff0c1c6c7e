/// How a failover reaches the kernel: single changes, each answered before the next is sent, never behind a bulk load.
package import Forwarding

package final class FastLane: KernelLane {
    private let lane: LaneThread

    /// Opens the lane's sockets in the network namespace of the calling thread and starts its thread.
    ///
    /// Throws `NetlinkFailure.system` when a socket or the thread cannot be had.
    package init(
        limits: LaneLimits = .oneByOne,
        completion: @escaping KernelLane.Completion
    ) throws(NetlinkFailure) {
        lane = try LaneThread("martlet-fast", limits, order: { Array($0.indices) }, completion: completion)
    }

    package func submit(_ batch: [KernelChange], token: UInt64) { lane.submit(batch, token: token) }

    package var nftablesPort: UInt32 { lane.nftablesPort }

    package func stop() { lane.stop() }
}
