/// Where the long lists of routes stand between being wished and being in the kernel: planned elsewhere, sent elsewhere, and only
/// pointed to here.
package import Forwarding
package import NetTypes

package struct FeedWork: Sendable {
    /// Why a feed's file as it is now is not what runs, by feed.
    package internal(set) var problems: [String: String] = [:]
    /// What is under way to the kernel.
    package internal(set) var job: Job?
    /// What the kernel refused of the last job, until it takes it.
    package internal(set) var trouble: Trouble?
    /// As of the last plan.
    package internal(set) var wished: [RouteSegment] = []
    /// Keys in the main table that the file itself writes, if there are lists at all.
    var written: [Route.Key] = []

    /// A plan that is being made elsewhere.
    var planning: Planning?
    /// Whether wish and view may differ.
    var isDue = false
    var generation: UInt64 = 0
    /// A dump that ran while routes were on their way says nothing of them, and is made again after the job.
    var isDumpVoid = false
    var needsDump = false
    /// So much is missing that the routes are being read again, and the plan waits for that.
    var isReading = false

    struct Planning: Sendable {
        let generation: UInt64
        let question: FeedQuestion
        let routeRevision: UInt64
    }

    package struct Job: Sendable {
        package let token: UInt64
        package let total: Int
        package internal(set) var done = 0
        let after: [RouteSegment]
        var isCancelled = false
    }

    package struct Trouble: Sendable {
        package let ending: FeedOutcome.Ending
        package let refused: Int
        package let refusals: [FeedRefusal]
        package let attempts: Int
        package internal(set) var retryAt: Instant
    }

    var isIdle: Bool { planning == nil && job == nil && !isDue && !isReading }
}
