/// How elements of a set are written: by hand, because a set of 100,000 is sent as one batch.
///
/// A range of a single key is two elements for the kernel, its first key and the key after its last (`NFT_SET_ELEM_INTERVAL_END`); a
/// range of a concatenated key is one element with both ends (`NFTA_SET_ELEM_KEY_END`).
import CNftnl
import CShim
import Forwarding
import NetTypes

/// Which element is the next to be written.
struct NftElementWalk {
    let elements: Ruleset.Elements
    let isInterval: Bool
    let isConcatenated: Bool
    private(set) var position = 0
    private let count: Int

    /// Throws when an element's key is not as long as the set's.
    init(_ set: Ruleset.SetDeclaration, _ elements: Ruleset.Elements) throws(KernelRefusal) {
        self.elements = elements
        isInterval = set.isInterval
        isConcatenated = set.key.count > 1
        count = elements.count
        guard case .listed(let list) = elements else { return }
        let length = set.keyLength
        guard list.allSatisfy({ $0.key.count == length && ($0.last?.count ?? length) == length }) else {
            throw KernelRefusal(errno: 22, words: "an element of \(set.name) is not as long as its keys")
        }
    }

    var isAtEnd: Bool { position >= count }

    mutating func step() { position += 1 }
}

/// One `NFT_MSG_NEWSETELEM` or `…_DELSETELEM`.
struct NftElementMessage {
    let type: UInt16
    let flags: UInt16
    let sequence: UInt32
    let table: String
    let set: String

    /// The list's length is 16 bits; the largest element, a range of concatenated keys with a verdict, stays under 1 KiB.
    private static let listLimit = 60 << 10
    private static let largestElement = 1 << 10

    /// Appends one message with as many of the walk's elements as it takes.
    func append(to bytes: inout GrowingBytes, _ walk: inout NftElementWalk) {
        let room = Self.listLimit + Self.largestElement + 1024
        let base = bytes.reserve(room)
        var writer = RawWriter(base)
        writer.put(UInt32(0))
        writer.put(UInt16(NFNL_SUBSYS_NFTABLES) << 8 | type)
        writer.put(UInt16(NLM_F_REQUEST) | flags)
        writer.put(sequence)
        writer.put(UInt32(0))
        writer.put(UInt32(NetfilterNumber.inet))
        writer.text(UInt16(NFTA_SET_ELEM_LIST_TABLE.rawValue), table)
        writer.text(UInt16(NFTA_SET_ELEM_LIST_SET.rawValue), set)
        let list = writer.nest(UInt16(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue))
        while !walk.isAtEnd, writer.count - list < Self.listLimit {
            write(walk, &writer)
            walk.step()
        }
        writer.close(list)
        base.storeBytes(of: UInt32(writer.count), as: UInt32.self)
        bytes.giveBack(room - writer.count)
    }

    private func write(_ walk: NftElementWalk, _ writer: inout RawWriter) {
        switch walk.elements {
        case .kept: return
        case .addresses(let addresses):
            write(addresses.ranges[walk.position], isInterval: walk.isInterval, &writer)
        case .listed(let list):
            let element = list[walk.position]
            let item = writer.nest(UInt16(NFTA_LIST_ELEM.rawValue))
            writer.data(UInt16(NFTA_SET_ELEM_KEY.rawValue), element.key)
            if walk.isInterval, walk.isConcatenated {
                writer.data(UInt16(NFTA_SET_ELEM_KEY_END.rawValue), element.last ?? element.key)
            }
            if let value = element.value { write(value, &writer) }
            writer.close(item)
            // The end behind its start: the kernel takes no end that follows another.
            guard walk.isInterval, !walk.isConcatenated, let end = (element.last ?? element.key).successor else {
                return
            }
            let last = writer.nest(UInt16(NFTA_LIST_ELEM.rawValue))
            writer.data(UInt16(NFTA_SET_ELEM_KEY.rawValue), end)
            writer.number(UInt16(NFTA_SET_ELEM_FLAGS.rawValue), NFT_SET_ELEM_INTERVAL_END.rawValue)
            writer.close(last)
        }
    }

    private func write(_ range: ClosedRange<IPAddress>, isInterval: Bool, _ writer: inout RawWriter) {
        let first = writer.nest(UInt16(NFTA_LIST_ELEM.rawValue))
        writer.address(UInt16(NFTA_SET_ELEM_KEY.rawValue), range.lowerBound)
        writer.close(first)
        guard isInterval, let end = range.upperBound.next else { return }
        let last = writer.nest(UInt16(NFTA_LIST_ELEM.rawValue))
        writer.address(UInt16(NFTA_SET_ELEM_KEY.rawValue), end)
        writer.number(UInt16(NFTA_SET_ELEM_FLAGS.rawValue), NFT_SET_ELEM_INTERVAL_END.rawValue)
        writer.close(last)
    }

    private func write(_ value: Ruleset.Element.Value, _ writer: inout RawWriter) {
        switch value {
        case .data(let data): writer.data(UInt16(NFTA_SET_ELEM_DATA.rawValue), data)
        case .verdict(let verdict):
            let outer = writer.nest(UInt16(NFTA_SET_ELEM_DATA.rawValue))
            let inner = writer.nest(UInt16(NFTA_DATA_VERDICT.rawValue))
            writer.number(UInt16(NFTA_VERDICT_CODE.rawValue), UInt32(bitPattern: verdict.code))
            if let chain = verdict.chain { writer.text(UInt16(NFTA_VERDICT_CHAIN.rawValue), chain) }
            writer.close(inner)
            writer.close(outer)
        }
    }
}

extension Ruleset.Verdict {
    /// `NF_*` and `NFT_*` verdicts.
    var code: Int32 {
        switch self {
        case .accept: NetfilterNumber.accept
        case .drop: NetfilterNumber.drop
        case .jump: NFT_JUMP.rawValue
        case .goto: NFT_GOTO.rawValue
        case .return: NFT_RETURN.rawValue
        }
    }

    var chain: String? {
        switch self {
        case .jump(let chain), .goto(let chain): chain
        case .accept, .drop, .return: nil
        }
    }

    /// Nil for a verdict that we do not give.
    init?(code: Int32, chain: String?) {
        switch (code, chain) {
        case (NetfilterNumber.accept, _): self = .accept
        case (NetfilterNumber.drop, _): self = .drop
        case (NFT_RETURN.rawValue, _): self = .return
        case (NFT_JUMP.rawValue, let chain?): self = .jump(chain)
        case (NFT_GOTO.rawValue, let chain?): self = .goto(chain)
        default: return nil
        }
    }
}

extension [UInt8] {
    /// The next number of this length in network order; nil after the last.
    var successor: [UInt8]? {
        var bytes = self
        for index in bytes.indices.reversed() {
            if bytes[index] < 0xFF {
                bytes[index] += 1
                return bytes
            }
            bytes[index] = 0
        }
        return nil
    }

    /// The number before it; nil before the first.
    var predecessor: [UInt8]? {
        var bytes = self
        for index in bytes.indices.reversed() {
            if bytes[index] > 0 {
                bytes[index] -= 1
                return bytes
            }
            bytes[index] = 0xFF
        }
        return nil
    }
}

/// Writes netlink attributes into room that is known to be large enough.
private struct RawWriter {
    private let base: UnsafeMutableRawPointer
    private(set) var count = 0
    /// `NLA_F_NESTED`.
    private static let nested: UInt16 = 1 << 15

    init(_ base: UnsafeMutableRawPointer) { self.base = base }

    @inline(__always)
    mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        (base + count).storeBytes(of: value, as: T.self)
        count += MemoryLayout<T>.size
    }

    private mutating func pad() {
        while count & 3 != 0 { put(UInt8(0)) }
    }

    /// Begins an attribute that holds others; gives its place, for `close`.
    @inline(__always)
    mutating func nest(_ type: UInt16) -> Int {
        defer { count += 4 }
        (base + count).storeBytes(of: type | Self.nested, toByteOffset: 2, as: UInt16.self)
        return count
    }

    @inline(__always)
    mutating func close(_ place: Int) {
        (base + place).storeBytes(of: UInt16(truncatingIfNeeded: count - place), as: UInt16.self)
    }

    /// A number in network order, as all of nftables' are.
    @inline(__always)
    mutating func number(_ type: UInt16, _ value: UInt32) {
        put(UInt16(8))
        put(type)
        put(value.bigEndian)
    }

    mutating func text(_ type: UInt16, _ text: String) {
        let units = text.utf8
        put(UInt16(truncatingIfNeeded: units.count + 5))
        put(type)
        for unit in units { put(unit) }
        put(UInt8(0))
        pad()
    }

    /// `NFTA_DATA_VALUE` inside an attribute of this type.
    mutating func data(_ type: UInt16, _ bytes: [UInt8]) {
        let outer = nest(type)
        put(UInt16(truncatingIfNeeded: bytes.count + 4))
        put(UInt16(NFTA_DATA_VALUE.rawValue))
        for byte in bytes { put(byte) }
        pad()
        close(outer)
    }

    @inline(__always)
    mutating func address(_ type: UInt16, _ address: IPAddress) {
        let outer = nest(type)
        switch address.family {
        case .v4:
            put(UInt16(8))
            put(UInt16(NFTA_DATA_VALUE.rawValue))
            put(UInt32(truncatingIfNeeded: address.low).bigEndian)
        case .v6:
            put(UInt16(20))
            put(UInt16(NFTA_DATA_VALUE.rawValue))
            put(address.high.bigEndian)
            put(address.low.bigEndian)
        }
        close(outer)
    }
}
