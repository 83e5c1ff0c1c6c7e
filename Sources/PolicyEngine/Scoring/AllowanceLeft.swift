/// What is left of a member's allowance: the load that is paid for already.

/// In steps: plenty, then sixteen towards its end, then nothing. Shares follow the steps, so that they change seldom.
package struct AllowanceLeft: Hashable, Sendable, Codable {
    /// 16: plenty is left; 15…1: near its end; 0: used up.
    package let sixteenths: Int

    /// From here on, in thousandths of the allowance, its load is handed over step by step.
    package static let endBegins: UInt64 = 800

    package init(used: UInt64, of allowance: UInt64) {
        guard used < allowance else {
            sixteenths = 0
            return
        }
        let permille = UInt64(UInt128(used) * 1000 / UInt128(allowance))
        guard permille >= Self.endBegins else {
            sixteenths = 16
            return
        }
        sixteenths = max(1, 16 - Int((permille - Self.endBegins) * 16 / (1000 - Self.endBegins)))
    }

    package var isSpent: Bool { sixteenths == 0 }
    package var isEnding: Bool { (1..<16).contains(sixteenths) }
}
