/// How a whole table reaches the kernel: in large steps that yield between them, runs of routes in the order of fact 10.
package import Forwarding

package final class BulkLane: KernelLane {
    private let lane: LaneThread

    /// Opens the lane's sockets in the network namespace of the calling thread and starts its thread.
    ///
    /// Throws `NetlinkFailure.system` when a socket or the thread cannot be had.
    package init(limits: LaneLimits = .bulk, completion: @escaping KernelLane.Completion) throws(NetlinkFailure) {
        lane = try LaneThread("martlet-bulk", limits, order: bulkOrder, completion: completion)
    }

    package func submit(_ batch: [KernelChange], token: UInt64) { lane.submit(batch, token: token) }

    package var nftablesPort: UInt32 { lane.nftablesPort }

    package func stop() { lane.stop() }
}
