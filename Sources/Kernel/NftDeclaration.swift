/// How the kernel writes down what a set's keys and values are, and how that is read back.
import CNftnl
import Forwarding

extension Ruleset.SetDeclaration {
    /// Bits that one kind takes in the type of a concatenated key (nft's `TYPE_BITS`).
    private static let typeBits: UInt32 = 6
    /// `NFT_DATA_VERDICT`.
    static let verdictType: UInt32 = 0xFFFF_FF00

    var flags: UInt32 {
        var flags: UInt32 = 0
        if isInterval { flags |= NFT_SET_INTERVAL.rawValue | (key.count > 1 ? NFT_SET_CONCAT.rawValue : 0) }
        if values != .none { flags |= NFT_SET_MAP.rawValue }
        if timeout > 0 { flags |= NFT_SET_TIMEOUT.rawValue }
        return flags
    }

    var keyType: UInt32 { key.reduce(0) { $0 << Self.typeBits | $1.rawValue } }

    /// Each part of a concatenated key is filled up to four bytes.
    var keyLength: Int {
        key.count == 1 ? key[0].length : key.reduce(0) { $0 + ($1.length + 3) / 4 * 4 }
    }

    var dataType: (type: UInt32, length: UInt32)? {
        switch values {
        case .none: nil
        case .data(let kind): (kind.rawValue, UInt32(kind.length))
        // `struct nft_verdict` as the kernel counts it.
        case .verdict: (Self.verdictType, 16)
        }
    }

    /// For `nft`, which shows numbers by it: `NFTNL_UDATA_SET_KEYBYTEORDER` (type 0) and `…_DATABYTEORDER` (type 1), of four bytes
    /// each; 1 is the host's order, 2 the network's.
    var byteOrders: [UInt8] {
        var bytes: [UInt8] = [0, 4, key.allSatisfy(\.isHostOrder) ? 1 : 2, 0, 0, 0]
        if case .data(let kind) = values { bytes += [1, 4, kind.isHostOrder ? 1 : 2, 0, 0, 0] }
        return bytes
    }

    /// What the kernel's numbers mean; a kind that we do not make leaves the key empty, which equals none of ours.
    init(name: String, flags: UInt32, keyType: UInt32, dataType: UInt32, timeout: UInt64) {
        var kinds: [Ruleset.DataKind] = []
        var rest = keyType
        var isKnown = rest != 0
        while rest != 0 {
            if let kind = Ruleset.DataKind(rawValue: rest & (1 << Self.typeBits - 1)) {
                kinds.insert(kind, at: 0)
            } else {
                isKnown = false
            }
            rest >>= Self.typeBits
        }
        let ours =
            NFT_SET_INTERVAL.rawValue | NFT_SET_CONCAT.rawValue | NFT_SET_MAP.rawValue | NFT_SET_TIMEOUT.rawValue
        var values = Values.none
        if flags & NFT_SET_MAP.rawValue != 0 {
            if dataType == Self.verdictType {
                values = .verdict
            } else if let kind = Ruleset.DataKind(rawValue: dataType) {
                values = .data(kind)
            } else {
                isKnown = false
            }
        }
        self.init(
            name,
            key: isKnown && flags & ~ours == 0 ? kinds : [],
            values: values,
            isInterval: flags & NFT_SET_INTERVAL.rawValue != 0,
            timeout: UInt32(clamping: timeout / 1000)
        )
    }
}

extension Ruleset.Object.Kind {
    /// `NFT_OBJECT_*`.
    var number: UInt32 {
        switch self {
        case .counter: UInt32(NFT_OBJECT_COUNTER)
        case .quota: UInt32(NFT_OBJECT_QUOTA)
        }
    }
}
