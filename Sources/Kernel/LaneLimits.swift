/// Which sizes and times a lane works with.
package import NetTypes

package struct LaneLimits: Sendable {
    /// Bytes a send; the kernel holds the RTNL lock per message, but a larger buffer was 10–25 % slower (fact 10).
    package var stepBytes = 32 << 10
    /// Changes a send.
    package var changesPerStep: Int
    /// How long a step's last answer may take. A group replace at 1M routes was seen to take 0.9 s (fact 12).
    package var answerWithin = Span.seconds(5)
    /// Room for a step full of errors: some 700 messages a step, under 2 KiB each as the kernel counts.
    package var receiveBuffer: Int32 = 4 << 20

    /// Each change is sent alone and answered before the next.
    package static let oneByOne = LaneLimits(changesPerStep: 1)
    /// As many changes a send as fit.
    package static let bulk = LaneLimits(changesPerStep: .max)
}
