/// What stands in a packet's authentication section (RFC 5880 §4.2 to §4.4).
import NetTypes

package enum BFDAuthenticationSection: Hashable, Sendable {
    /// §4.2: 1 to 16 bytes in clear.
    case simplePassword(keyID: UInt8, password: [UInt8])
    /// §4.3 and §4.4: a digest over the packet, in which the key stands in the digest's place.
    case keyed(BFDDigest, isMeticulous: Bool, keyID: UInt8, sequence: UInt32, digest: [UInt8])

    /// Bytes before what differs from type to type: type, length.
    static let headerLength = 2
    /// Bytes of a keyed section before its digest: type, length, key, reserved, sequence number.
    static let digestOffset = 8

    package var type: BFDAuthenticationType {
        switch self {
        case .simplePassword: .simplePassword
        case .keyed(.md5, let isMeticulous, _, _, _): isMeticulous ? .meticulousMD5 : .keyedMD5
        case .keyed(.sha1, let isMeticulous, _, _, _): isMeticulous ? .meticulousSHA1 : .keyedSHA1
        }
    }

    package var keyID: UInt8 {
        switch self {
        case .simplePassword(let keyID, _), .keyed(_, _, let keyID, _, _): keyID
        }
    }

    /// Reads what stands behind the mandatory section; what stands behind the section's own length is not looked at.
    init(_ bytes: RawSpan) throws(BFDPacket.Malformed) {
        guard bytes.byteCount >= Self.headerLength, let type = BFDAuthenticationType(number: bytes.uint8(0)) else {
            throw .badAuthentication
        }
        let length = Int(bytes.uint8(1))
        guard length <= bytes.byteCount else { throw .badAuthentication }
        guard let digest = type.digest else {
            // §4.2: a header of three bytes, then 1 to 16 of password.
            guard (4...19).contains(length) else { throw .badAuthentication }
            self = .simplePassword(keyID: bytes.uint8(2), password: (3..<length).map { bytes.uint8($0) })
            return
        }
        guard length == Self.digestOffset + digest.length else { throw .badAuthentication }
        self = .keyed(
            digest,
            isMeticulous: type.isMeticulous,
            keyID: bytes.uint8(2),
            sequence: bytes.uint32(4),
            digest: (Self.digestOffset..<length).map { bytes.uint8($0) }
        )
    }

    var bytes: [UInt8] {
        switch self {
        case .simplePassword(let keyID, let password):
            return [type.number, UInt8(truncatingIfNeeded: 3 + password.count), keyID] + password
        case .keyed(_, _, let keyID, let sequence, let digest):
            var bytes = [type.number, UInt8(truncatingIfNeeded: Self.digestOffset + digest.count), keyID, 0]
            bytes.append(bigEndian: sequence)
            return bytes + digest
        }
    }
}

/// The authentication types of §4.1 under the names that files use.
package enum BFDAuthenticationType: String, Hashable, Sendable, CaseIterable, Codable {
    case simplePassword = "simple"
    case keyedMD5 = "keyed-md5"
    case meticulousMD5 = "meticulous-keyed-md5"
    case keyedSHA1 = "keyed-sha1"
    case meticulousSHA1 = "meticulous-keyed-sha1"

    var number: UInt8 {
        switch self {
        case .simplePassword: 1
        case .keyedMD5: 2
        case .meticulousMD5: 3
        case .keyedSHA1: 4
        case .meticulousSHA1: 5
        }
    }

    init?(number: UInt8) {
        guard let type = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = type
    }

    var isMeticulous: Bool { self == .meticulousMD5 || self == .meticulousSHA1 }

    /// nil for the one that has none.
    var digest: BFDDigest? {
        switch self {
        case .simplePassword: nil
        case .keyedMD5, .meticulousMD5: .md5
        case .keyedSHA1, .meticulousSHA1: .sha1
        }
    }

    /// The longest key in bytes (§6.7.2 to §6.7.4).
    package var longestKey: Int { digest?.length ?? 16 }
}

/// What a keyed section is computed with.
package enum BFDDigest: Hashable, Sendable {
    case md5
    case sha1

    var length: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        }
    }

    func of(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .md5: MD5.digest(bytes)
        case .sha1: SHA1.digest(bytes)
        }
    }
}
