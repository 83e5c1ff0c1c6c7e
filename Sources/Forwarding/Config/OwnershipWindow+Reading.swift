/// How `network.ownership` is read.
import ConfigSyntax
import NetTypes
import PolicyEngine

extension OwnershipWindow {
    /// Reads the block; what is absent or wrong keeps its standard value.
    static func read(_ block: BlockReader) -> OwnershipWindow {
        defer { block.finish() }
        let standard = OwnershipWindow.standard
        // 0–4 mean the kernel's own, ICMP redirects, boot scripts and hand-made routes (RTPROT_*): whoever takes one of
        // these for its own takes others' routes for its own.
        let routeProtocol = block.integer("protocol", default: Int(standard.routeProtocol), within: 5...255)
        let metric = block.integer("metric", default: Int(standard.metric), within: 1...Int(UInt32.max))
        let tables = range("tables", standard.tables, within: 1...UInt32.max, block)
        // 253–255 are default, main and local.
        if tables.overlaps(253...255) { block.report("includes the system's own tables 253 to 255", key: "tables") }
        return OwnershipWindow(
            routeProtocol: UInt8(clamping: routeProtocol),
            metric: UInt32(clamping: metric),
            nexthopIDs: range("nexthop-ids", standard.nexthopIDs, within: 1...UInt32.max, block),
            // 0 is the local table's rule, 32766 and 32767 those of main and default.
            rulePreferences: range("rules", standard.rulePreferences, within: 1...32765, block),
            tables: tables,
            markMask: mask(block) ?? standard.markMask,
            tableName: tableName(block) ?? standard.tableName
        )
    }

    private static func range(
        _ key: String,
        _ standard: ClosedRange<UInt32>,
        within bounds: ClosedRange<UInt32>,
        _ block: BlockReader
    ) -> ClosedRange<UInt32> {
        guard let found = block.optional(key, as: NumberWindow.self) else { return standard }
        let range = found.value.range
        guard bounds.contains(range.lowerBound), bounds.contains(range.upperBound) else {
            block.report("must lie between \(bounds.lowerBound) and \(bounds.upperBound)", key: key)
            return standard
        }
        return range
    }

    private static func mask(_ block: BlockReader) -> MarkMask? {
        guard let found = block.optional("marks", as: NumberBits.self) else { return nil }
        let bits = found.value.value
        let shifted = bits == 0 ? 0 : bits >> UInt32(bits.trailingZeroBitCount)
        guard bits != 0, shifted & (shifted &+ 1) == 0 else {
            block.report("must be one run of bits such as 0xFF000000", key: "marks")
            return nil
        }
        return MarkMask(bits: bits)
    }

    private static func tableName(_ block: BlockReader) -> String? {
        guard let found = block.optional("nftables-table", as: String.self) else { return nil }
        guard BlockReader.isName(found.value) else {
            block.report("'\(found.value)' is no name: letters, digits, '-' and '_'", key: "nftables-table")
            return nil
        }
        return found.value
    }
}

/// `7000-7999`, `0x4D410000-0x4D41FFFF`.
struct NumberWindow: ScalarValue {
    let range: ClosedRange<UInt32>

    static var expectation: String { "a range of numbers such as 7000-7999" }

    static func parse(_ text: String) throws(ScalarError) -> NumberWindow {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .notThis }
        let (first, last) = (try NumberBits.parse(String(parts[0])), try NumberBits.parse(String(parts[1])))
        guard first.value <= last.value else { throw .because("the range ends before it starts", hint: nil) }
        return NumberWindow(range: first.value...last.value)
    }
}

/// A 32-bit number, decimal or hexadecimal.
struct NumberBits: ScalarValue {
    let value: UInt32

    static var expectation: String { "a number such as 7000 or 0xFF000000" }

    static func parse(_ text: String) throws(ScalarError) -> NumberBits {
        if text.hasPrefix("0x") {
            let digits = text.dropFirst(2)
            guard (1...8).contains(digits.utf8.count), digits.utf8.allSatisfy(\.isHexDigit),
                let value = UInt32(digits, radix: 16)
            else { throw .notThis }
            return NumberBits(value: value)
        }
        guard let value = UInt32(exactly: try Int.parse(text)) else { throw .notThis }
        return NumberBits(value: value)
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
    }
}
