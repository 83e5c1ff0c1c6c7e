package import LabText
import Synchronization

/// Were packets lost, and for how long? A stream of numbered datagrams from one namespace to an echo in another.
package final class PacketStream: Sendable {
    /// A run of packets, one after the other, that were never answered.
    package struct Gap: Sendable, Hashable {
        /// When the first lost packet left.
        package var from: Moment
        /// When the next packet that was answered left (the last packet, when none was answered any more).
        package var to: Moment
        /// Packets lost in a row.
        package var lost: Int
        /// Whether the stream ended before an answer came again.
        package var isOpen: Bool
        /// Its length; one packet's interval is the finest that can be seen.
        package var milliseconds: Double { to.milliseconds(since: from) }
    }

    /// What a finished stream has measured.
    package struct Result: Sendable {
        package var sent: Int
        package var received: Int
        package var lost: Int
        package var duplicates: Int
        /// The gaps, the longest first; the 32 longest at most.
        package var gaps: [Gap]
        /// All gaps there were.
        package var gapCount: Int
        /// Milliseconds there and back.
        package var roundTrip: (least: Double, median: Double, p99: Double, most: Double)
        package var began: Moment
        package var ended: Moment

        /// The longest gap's length, 0 when nothing was lost.
        package var longestGapMilliseconds: Double { gaps.first?.milliseconds ?? 0 }
    }

    private let tool: LabTool

    init(_ arguments: [String], in namespace: Namespace) throws {
        tool = try LabTool(["stream"] + arguments, in: namespace)
    }

    /// Stops sending, waits a little for the last replies, and tells what was measured.
    package func finish() throws -> Result {
        try Result(try tool.finish())
    }
}

extension PacketStream.Result {
    init(_ report: JSON) throws {
        let number = { (name: String) in try report.need(name).integer ?? 0 }
        sent = try number("sent")
        received = try number("received")
        lost = try number("lost")
        duplicates = try number("duplicates")
        gapCount = try number("gap_count")
        began = Moment(nanoseconds: try number("began_ns"))
        ended = Moment(nanoseconds: try number("ended_ns"))
        gaps = try (try report.need("gaps").elements ?? []).map { gap in
            PacketStream.Gap(
                from: Moment(nanoseconds: try gap.need("from_ns").integer ?? 0),
                to: Moment(nanoseconds: try gap.need("to_ns").integer ?? 0),
                lost: try gap.need("lost").integer ?? 0,
                isOpen: try gap.need("open").bool ?? false
            )
        }
        let trip = try report.need("round_trip_ms")
        let time = { (name: String) in try trip.need(name).number ?? 0 }
        roundTrip = (try time("least"), try time("median"), try time("p99"), try time("most"))
    }
}

extension JSON {
    /// The member called `name`.
    ///
    /// - Throws: ``LabTool/NotReady`` when it is missing.
    fileprivate func need(_ name: String) throws -> JSON {
        guard let value = self[name] else { throw LabTool.NotReady(description: "no \"\(name)\" in \(self)") }
        return value
    }
}

extension Site {
    /// Starts a stream of datagrams from the client.
    ///
    /// - Parameters:
    ///   - target: who answers; only ``Site/echo`` does by itself.
    ///   - rate: packets a second.
    ///   - flows: source ports they are spread over, so that a multipath route spreads them.
    package func packets(
        to target: Dual = Site.echo,
        family: Family,
        rate: Int = 1000,
        flows: Int = 1
    ) throws -> PacketStream {
        try packets(from: client, to: target, family: family, rate: rate, flows: flows)
    }

    /// Starts a stream of datagrams from any namespace of the site.
    package func packets(
        from namespace: Namespace,
        to target: Dual = Site.echo,
        family: Family,
        rate: Int = 1000,
        flows: Int = 1
    ) throws -> PacketStream {
        try startEcho()
        let endpoint = target.endpoint(family, port: Site.echoPort)
        return try PacketStream(["--to", endpoint, "--rate", String(rate), "--flows", String(flows)], in: namespace)
    }

    private func startEcho() throws {
        try echoProcess.withLock { running in
            guard running == nil else { return }
            let endpoints = Family.allCases.flatMap { ["--listen", Site.echo.endpoint($0, port: Site.echoPort)] }
            running = try LabTool(["echo"] + endpoints, in: far)
        }
    }
}
