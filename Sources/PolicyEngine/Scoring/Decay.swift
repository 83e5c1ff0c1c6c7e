/// How much is left of something that halves again and again? One function for penalties and for the worth of old samples.
import NetTypes

enum Decay {
    /// 2^(−k/16) in 32 bits after the point, k = 0…16; between two of them the course is taken for straight, which errs by less
    /// than a part in four thousand.
    private static let sixteenths: [UInt64] = [
        4_294_967_296, 4_112_874_773, 3_938_502_376, 3_771_522_796, 3_611_622_603, 3_458_501_653, 3_311_872_529,
        3_171_459_999, 3_037_000_500, 2_908_241_642, 2_784_941_738, 2_666_869_345, 2_553_802_834, 2_445_529_972,
        2_341_847_524, 2_242_560_872, 2_147_483_648,
    ]

    /// What is left of `amount` after `age`, cut to whole units.
    static func left(of amount: UInt32, after age: Span, halfLife: Span) -> UInt32 {
        let (age, halfLife) = (UInt64(max(0, age.nanoseconds)), UInt64(max(1, halfLife.nanoseconds)))
        let halvings = age / halfLife
        guard halvings < 32 else { return 0 }
        let (step, rest) = (UInt128(age % halfLife) * 16).quotientAndRemainder(dividingBy: UInt128(halfLife))
        let (from, to) = (sixteenths[Int(step)], sixteenths[Int(step) + 1])
        let factor = from - UInt64(UInt128(from - to) * rest / UInt128(halfLife))
        return UInt32(((UInt64(amount) * factor) >> 32) >> halvings)
    }

    /// How long until no more than `rest` is left of `amount`; to the nanosecond by `left`, which never grows with age.
    static func time(for amount: UInt32, toReach rest: UInt32, halfLife: Span) -> Span {
        guard amount > rest else { return .zero }
        var (low, high) = (Int64(0), Span.scaled(32, max(1, halfLife.nanoseconds)))
        while low < high {
            let middle = low + (high - low) / 2
            if left(of: amount, after: Span(nanoseconds: middle), halfLife: halfLife) <= rest {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return Span(nanoseconds: low)
    }
}
