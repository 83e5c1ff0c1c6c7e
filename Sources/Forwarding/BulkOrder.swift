/// In which order a long list of changes is sent to the kernel.
///
/// Inserting sorted routes one behind the other is the worst case of the kernel's trie; every second, then every fourth … is the best
/// (architecture.md, fact 10: 500k routes in 0.89 s instead of 2.07 s, and the RTNL lock is never held for long).
import NetTypes

/// The numbers 0 to `count` − 1 in the order of their reversed bits: 0, the middle, the quarters, and so on. 0 stays first.
package func bitReversedOrder(_ count: Int) -> [Int] {
    var order: [Int] = []
    order.reserveCapacity(count)
    for position in 0..<bitReversedPositions(count) {
        let index = bitReversedPosition(position, of: count)
        if index < count { order.append(index) }
    }
    return order
}

/// How many positions that order has with its holes: the next power of two.
package func bitReversedPositions(_ count: Int) -> Int { count > 1 ? 1 << bitWidth(count) : count }

/// The number at a position of that order, and as well the position of a number; a hole where it is `count` or more.
package func bitReversedPosition(_ number: Int, of count: Int) -> Int {
    guard count > 1 else { return number }
    return Int(bitPattern: UInt(bitPattern: number).bitReversed >> UInt(Int.bitWidth - bitWidth(count)))
}

private func bitWidth(_ count: Int) -> Int { Int.bitWidth - (count - 1).leadingZeroBitCount }

/// The indices of the changes in the order in which they are sent.
///
/// Only within a run of like changes is the order free: routes set, or routes deleted, one behind the other in the list. Everything
/// else stays where the plan put it, default routes among it: a table's `unreachable` default is first in and last out.
package func bulkOrder(_ changes: [KernelChange]) -> [Int] {
    var order: [Int] = []
    order.reserveCapacity(changes.count)
    var start = 0
    while start < changes.count {
        let kind = FreeOrder(changes[start].operation)
        var end = start + 1
        while kind != nil, end < changes.count, FreeOrder(changes[end].operation) == kind { end += 1 }
        for offset in bitReversedOrder(end - start) { order.append(start + offset) }
        start = end
    }
    return order
}

/// The changes whose order among themselves is free.
private enum FreeOrder {
    case settingRoutes
    case deletingRoutes

    init?(_ operation: KernelChange.Operation) {
        switch operation {
        case .setRoute(let route) where route.key.prefix.length > 0: self = .settingRoutes
        case .deleteRoute(let route) where route.key.prefix.length > 0: self = .deletingRoutes
        case .setRoute, .deleteRoute, .setNexthop, .deleteNexthop, .addRule, .deleteRule,
            .changeRuleset:
            return nil
        }
    }
}

extension UInt {
    /// The value with its lowest bit highest.
    fileprivate var bitReversed: UInt {
        var value = UInt64(self)
        value = (value & 0x5555_5555_5555_5555) << 1 | (value >> 1) & 0x5555_5555_5555_5555
        value = (value & 0x3333_3333_3333_3333) << 2 | (value >> 2) & 0x3333_3333_3333_3333
        value = (value & 0x0F0F_0F0F_0F0F_0F0F) << 4 | (value >> 4) & 0x0F0F_0F0F_0F0F_0F0F
        return UInt(truncatingIfNeeded: value.byteSwapped)
    }
}
