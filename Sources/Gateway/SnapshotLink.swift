/// What does the daemon say, and what is it told? The gateway's end of the socket pair.
///
/// It lives on a loop of its own: decoding a large snapshot and encoding reports hold up no request.
import FoundationEssentials
package import Inference
package import NIOCore
import NIOPosix

/// Immutable but for the channel and the counters, which only its own loop touches.
package final class SnapshotLink: @unchecked Sendable {
    package enum Incoming: Sendable {
        case command(GatewayCommand)
        /// The daemon has gone.
        case closed
    }

    package let eventLoop: any EventLoop
    private let onIncoming: @Sendable (Incoming) -> Void
    private var channel: (any Channel)?
    private var dropped = 0

    package init(on eventLoop: any EventLoop, onIncoming: @escaping @Sendable (Incoming) -> Void) {
        self.eventLoop = eventLoop
        self.onIncoming = onIncoming
    }

    /// Takes the descriptor over. From then on commands come in.
    package func open(descriptor: Int32) -> EventLoopFuture<Void> {
        ClientBootstrap(group: eventLoop)
            .channelOption(.writeBufferWaterMark, value: .init(low: 1 << 20, high: GatewayLimits.waitingReportBytes))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LinkHandler(self))
                }
            }
            .withConnectedSocket(descriptor)
            .map { self.channel = $0 }
    }

    package func close() {
        eventLoop.execute { self.channel?.close(promise: nil) }
    }

    /// Tells the daemon, from any thread. What it does not read is dropped beyond a bound, and counted.
    package func send(_ reports: [GatewayReport]) {
        eventLoop.execute { self.write(reports) }
    }

    /// The same with decisions, of which there is one for each request.
    func send(_ decisions: DecisionBatch) {
        eventLoop.execute {
            self.write(count: decisions.count) { channel in
                var buffer = channel.allocator.buffer(capacity: 4 + decisions.bytes.count)
                LinkFrames.write(decisions.bytes, to: &buffer)
                return buffer
            }
        }
    }

    /// Also when other reports are dropped: there is one for each ping.
    func sendAlive() {
        eventLoop.execute {
            guard let channel = self.channel, channel.isActive else { return }
            var buffer = channel.allocator.buffer(capacity: 64)
            self.append(.alive, to: &buffer)
            channel.writeAndFlush(buffer, promise: nil)
        }
    }

    private func write(_ reports: [GatewayReport]) {
        write(count: reports.count) { channel in
            var buffer = channel.allocator.buffer(capacity: 1024 * reports.count)
            for report in reports { append(report, to: &buffer) }
            return buffer
        }
    }

    private func write(count: Int, _ frames: (any Channel) -> ByteBuffer) {
        guard let channel, channel.isActive else { return }
        guard channel.isWritable else {
            dropped += count
            return
        }
        channel.writeAndFlush(frames(channel), promise: nil)
    }

    private func append(_ report: GatewayReport, to buffer: inout ByteBuffer) {
        if let bytes = try? JSONEncoder().encode(report) { LinkFrames.write(bytes, to: &buffer) }
    }

    fileprivate func becameWritable() {
        guard dropped > 0 else { return }
        let alarm = GatewayAlarm(.reportsDropped, object: "gateway", detail: "\(dropped) reports")
        let count = dropped
        dropped = 0
        write([.dropped(reports: count), .alarm(alarm)])
    }

    fileprivate func received(_ frame: ByteBuffer) {
        do {
            let data = Data(frame.readableBytesView)
            onIncoming(.command(try JSONDecoder().decode(GatewayCommand.self, from: data)))
        } catch {
            refuse("\(error)")
        }
    }

    /// Tells of a snapshot that cannot be used. The one before stays.
    package func refuse(_ reason: String) {
        let detail = String(reason.prefix(400))
        send([.alarm(GatewayAlarm(.snapshotRefused, object: "snapshot", detail: detail))])
    }

    fileprivate func closed() { onIncoming(.closed) }
}

/// Cuts frames; everything else is the link's.
private final class LinkHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: SnapshotLink
    private var frames = LinkFrames(limit: GatewayLimits.frameBytes)

    init(_ link: SnapshotLink) { self.link = link }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        frames.append(&bytes)
        do {
            while let frame = try frames.next() { link.received(frame) }
        } catch {
            link.refuse("\(error)")
            context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { link.becameWritable() }
    }

    func channelInactive(context: ChannelHandlerContext) { link.closed() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
