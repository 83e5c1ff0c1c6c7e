/// What one step of an nftables rule is: the kernel's expressions, each as it is sent.
extension Ruleset {
    /// Where values are held while a rule is carried out: 16 slots of four bytes. A value longer than one takes those that follow,
    /// which is how a concatenated key is put together.
    package struct Register: Hashable, Sendable, Codable {
        /// 0…15.
        package let slot: UInt8

        package init(_ slot: UInt8) { self.slot = slot }

        /// `NFT_REG32_00` and up.
        package var number: UInt32 { 8 + UInt32(slot) }

        package static let first = Register(0)
    }

    package enum Expression: Hashable, Sendable, Codable {
        case meta(Meta, into: Register)
        case setMeta(Meta, from: Register)
        case payload(Base, offset: UInt32, length: UInt32, into: Register)
        case compare(Register, Comparison, [UInt8])
        /// Whether the value lies between the two, both included, as bytes compare.
        case range(Register, from: [UInt8], to: [UInt8])
        /// value = value & mask ^ xor.
        case bitwise(Register, mask: [UInt8], xor: [UInt8])
        /// Turns numbers of `size` bytes from the host's order to the network's, or back.
        case toNetworkOrder(Register, size: UInt32, length: UInt32)
        case lookup(Register, set: String, isNegated: Bool)
        case lookupValue(Register, map: String, into: Register)
        case lookupVerdict(Register, map: String)
        case load([UInt8], into: Register)
        case verdict(Verdict)
        case connection(Connection, into: Register)
        case setConnectionMark(from: Register)
        case translate(Translation)
        case masquerade
        /// To this host, on the port in the register or on the packet's own.
        case redirect(port: Register?)
        /// `fib daddr type`: what the routing table says of the destination (`RTN_*`).
        case destinationType(into: Register)
        /// A number below `modulus`, counting up or by chance.
        case number(isRandom: Bool, modulus: UInt32, into: Register)
        /// Jenkins' hash of what is in the registers.
        case hash(Register, length: UInt32, modulus: UInt32, seed: UInt32, into: Register)
        /// The hash of the flow that the kernel itself spreads by.
        case flowHash(modulus: UInt32, into: Register)
        /// A field of a TCP option.
        case tcpOption(kind: UInt8, offset: UInt32, length: UInt32, into: Register)
        case setTCPOption(kind: UInt8, offset: UInt32, length: UInt32, from: Register)
        case route(RouteKey, into: Register)
        case counter
        case quota(bytes: UInt64, isOver: Bool)
        case countIn(String)
        case quotaOf(String)
        case limit(packets: UInt64, per: UInt64, burst: UInt32)
        case reject(Rejection)
        /// The mark of the local socket that the packet is for.
        case socketMark(into: Register)
    }

    /// `enum nft_meta_keys`.
    package enum Meta: UInt32, Hashable, Sendable, Codable {
        case mark = 3
        case inputName = 6
        case outputName = 7
        case socketUser = 10
        case networkProtocol = 15
        case transport = 16
    }

    /// `enum nft_payload_bases`.
    package enum Base: UInt32, Hashable, Sendable, Codable {
        case network = 1
        case transport = 2
    }

    /// `enum nft_cmp_ops`.
    package enum Comparison: UInt32, Hashable, Sendable, Codable {
        case equal = 0
        case notEqual, less, lessOrEqual, greater, greaterOrEqual
    }

    /// `enum nft_ct_keys`.
    package enum Connection: UInt32, Hashable, Sendable, Codable {
        case state = 0
        /// 0 in the direction in which it was opened, 1 in the other.
        case direction = 1
        /// `IPS_*`.
        case status = 2
        case mark = 3
    }

    /// `enum nft_rt_keys`.
    package enum RouteKey: UInt32, Hashable, Sendable, Codable {
        case nexthop4 = 1
        case nexthop6 = 2
        /// The largest TCP segment that the path's MTU lets through.
        case segmentSize = 3
    }

    package enum Rejection: Hashable, Sendable, Codable {
        /// By an ICMP error of either family (`enum nft_reject_inet_code`): 0 no route, 1 port, 2 host, 3 prohibited.
        case unreachable(code: UInt8)
        case tcpReset
    }

    /// Another source or destination for a connection's packets.
    package struct Translation: Hashable, Sendable, Codable {
        package enum Kind: UInt32, Hashable, Sendable, Codable {
            case source = 0
            case destination = 1
        }

        package let kind: Kind
        package let isIPv6: Bool
        package let address: Register
        /// The last address where there is a choice, or with `isPrefix` the last of the prefix.
        package let lastAddress: Register?
        package let port: Register?
        /// The prefix is replaced, the rest of the address kept.
        package let isPrefix: Bool

        package init(
            _ kind: Kind,
            isIPv6: Bool,
            address: Register,
            lastAddress: Register? = nil,
            port: Register? = nil,
            isPrefix: Bool = false
        ) {
            self.kind = kind
            self.isIPv6 = isIPv6
            self.address = address
            self.lastAddress = lastAddress
            self.port = port
            self.isPrefix = isPrefix
        }
    }
}
