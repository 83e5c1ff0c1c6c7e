/// What a BFD Control packet says, and how it lies in bytes (RFC 5880 §4.1).
///
/// Everything read here was sent by strangers. The checks are those of §6.8.6 that need no session; no input traps.
import NetTypes

/// The mandatory section of one packet, and its authentication section where it has one.
package struct BFDPacket: Hashable, Sendable {
    package var diagnostic: BFDDiagnostic
    package var state: BFDState
    package var isPoll = false
    package var isFinal = false
    /// C: the sender's BFD does not share fate with its control plane.
    package var isControlPlaneIndependent = false
    /// D: the sender wants no periodic packets while both ends are up.
    package var isDemand = false
    /// At least 1.
    package var detectMultiplier: UInt8
    /// Not 0.
    package var myDiscriminator: UInt32
    /// 0 while the sender knows none.
    package var yourDiscriminator: UInt32
    /// Microseconds; the other two as well.
    package var desiredMinTx: UInt32
    package var requiredMinRx: UInt32
    package var requiredMinEchoRx: UInt32 = 0
    /// nil: the packet is not authenticated.
    package var authentication: BFDAuthenticationSection?

    package init(
        diagnostic: BFDDiagnostic,
        state: BFDState,
        detectMultiplier: UInt8,
        myDiscriminator: UInt32,
        yourDiscriminator: UInt32,
        desiredMinTx: UInt32,
        requiredMinRx: UInt32
    ) {
        (self.diagnostic, self.state, self.detectMultiplier) = (diagnostic, state, detectMultiplier)
        (self.myDiscriminator, self.yourDiscriminator) = (myDiscriminator, yourDiscriminator)
        (self.desiredMinTx, self.requiredMinRx) = (desiredMinTx, requiredMinRx)
    }
}

/// The state of a session as it stands in packets (§4.1 "Sta").
package enum BFDState: UInt8, Hashable, Sendable, CaseIterable, Codable {
    case adminDown = 0
    case down = 1
    /// "Init"
    case initializing = 2
    case up = 3
}

/// Why the sender's session last left Up (§4.1 "Diag"); numbers above 8 are reserved and pass as they are.
package struct BFDDiagnostic: Hashable, Sendable, Codable {
    /// Five bits.
    package let number: UInt8

    package init(number: UInt8) { self.number = number & 0x1F }

    package static let none = BFDDiagnostic(number: 0)
    package static let detectionTimeExpired = BFDDiagnostic(number: 1)
    package static let echoFailed = BFDDiagnostic(number: 2)
    package static let neighborSignaledDown = BFDDiagnostic(number: 3)
    package static let forwardingPlaneReset = BFDDiagnostic(number: 4)
    package static let pathDown = BFDDiagnostic(number: 5)
    package static let concatenatedPathDown = BFDDiagnostic(number: 6)
    package static let administrativelyDown = BFDDiagnostic(number: 7)
    package static let reverseConcatenatedPathDown = BFDDiagnostic(number: 8)

    package init(from decoder: any Decoder) throws {
        self.init(number: try decoder.singleValueContainer().decode(UInt8.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}

// MARK: - Reading

extension BFDPacket {
    /// Why bytes are no packet for any session (§6.8.6, in its order).
    package enum Malformed: Error, Hashable, Sendable, CaseIterable {
        /// Fewer bytes than the mandatory section has.
        case truncated
        /// Another version than 1.
        case otherVersion
        /// The Length field says less than the sections need.
        case tooShort
        /// The Length field says more than arrived.
        case tooLong
        case noMultiplier
        /// The M bit, which is reserved.
        case multipoint
        case noDiscriminator
        /// No Your Discriminator, and the sender is beyond Down.
        case lacksYourDiscriminator
        /// An authentication section whose length does not fit its type, or of a type that is reserved.
        case badAuthentication
    }

    /// Bytes of the mandatory section.
    static let mandatoryLength = 24

    private enum Flag {
        static let poll: UInt8 = 0x20
        static let final: UInt8 = 0x10
        static let controlPlaneIndependent: UInt8 = 0x08
        static let authenticated: UInt8 = 0x04
        static let demand: UInt8 = 0x02
        static let multipoint: UInt8 = 0x01
    }

    /// Reads a UDP payload; what stands behind the packet's own length is not looked at. Throws `Malformed`.
    package init(_ bytes: RawSpan) throws(Malformed) {
        guard bytes.byteCount >= Self.mandatoryLength else { throw .truncated }
        guard bytes.uint8(0) >> 5 == 1 else { throw .otherVersion }
        let flags = bytes.uint8(1)
        let isAuthenticated = flags & Flag.authenticated != 0
        let length = Int(bytes.uint8(3))
        let least = Self.mandatoryLength + (isAuthenticated ? BFDAuthenticationSection.headerLength : 0)
        guard length >= least else { throw .tooShort }
        guard length <= bytes.byteCount else { throw .tooLong }
        guard bytes.uint8(2) != 0 else { throw .noMultiplier }
        guard flags & Flag.multipoint == 0 else { throw .multipoint }
        guard bytes.uint32(4) != 0 else { throw .noDiscriminator }
        self.init(
            diagnostic: BFDDiagnostic(number: bytes.uint8(0)),
            // Two bits, four states.
            state: BFDState(rawValue: flags >> 6) ?? .adminDown,
            detectMultiplier: bytes.uint8(2),
            myDiscriminator: bytes.uint32(4),
            yourDiscriminator: bytes.uint32(8),
            desiredMinTx: bytes.uint32(12),
            requiredMinRx: bytes.uint32(16)
        )
        requiredMinEchoRx = bytes.uint32(20)
        (isPoll, isFinal) = (flags & Flag.poll != 0, flags & Flag.final != 0)
        (isControlPlaneIndependent, isDemand) = (flags & Flag.controlPlaneIndependent != 0, flags & Flag.demand != 0)
        guard yourDiscriminator != 0 || state == .down || state == .adminDown else { throw .lacksYourDiscriminator }
        if isAuthenticated {
            authentication = try BFDAuthenticationSection(bytes.extracting(Self.mandatoryLength..<length))
        }
    }
}

// MARK: - Writing

extension BFDPacket {
    /// The packet as a UDP payload, with the authentication section as it stands.
    package var bytes: [UInt8] {
        let section = authentication?.bytes ?? []
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.mandatoryLength + section.count)
        bytes += [1 << 5 | diagnostic.number, flags, detectMultiplier, UInt8(Self.mandatoryLength + section.count)]
        for word in [
            myDiscriminator, yourDiscriminator, desiredMinTx, requiredMinRx, requiredMinEchoRx,
        ] { bytes.append(bigEndian: word) }
        bytes += section
        return bytes
    }

    private var flags: UInt8 {
        var flags = state.rawValue << 6
        if isPoll { flags |= Flag.poll }
        if isFinal { flags |= Flag.final }
        if isControlPlaneIndependent { flags |= Flag.controlPlaneIndependent }
        if authentication != nil { flags |= Flag.authenticated }
        if isDemand { flags |= Flag.demand }
        return flags
    }
}

extension [UInt8] {
    mutating func append(bigEndian word: UInt32) {
        for shift: UInt32 in [24, 16, 8, 0] { append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
}
