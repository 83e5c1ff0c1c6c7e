/// What is sent to the kernel for long lists of routes.

/// The steps to send, and what they start from.
package struct FeedJob: Hashable, Sendable, Codable {
    package let steps: [FeedStep]
    package let before: [RouteSegment]
    package let metric: UInt32
    package let routeProtocol: UInt8

    package init(steps: [FeedStep], before: [RouteSegment], metric: UInt32, routeProtocol: UInt8) {
        (self.steps, self.before, self.metric, self.routeProtocol) = (steps, before, metric, routeProtocol)
    }

    package var count: Int { steps.reduce(0) { $0 + $1.routes.count } }
}
