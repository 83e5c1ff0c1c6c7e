/// Whether a packet comes from somebody who knows the key, and how ours prove it (RFC 5880 §6.7).
package import NetTypes

/// A key with its number, as both ends have it.
package struct BFDKey: Hashable, Sendable {
    package let type: BFDAuthenticationType
    package let keyID: UInt8
    /// 1 … `type.longestKey` bytes; nothing shows it.
    let secret: [UInt8]

    /// nil when the secret has a length that the type does not allow.
    package init?(_ type: BFDAuthenticationType, keyID: UInt8, secret: [UInt8]) {
        guard (1...type.longestKey).contains(secret.count) else { return nil }
        (self.type, self.keyID, self.secret) = (type, keyID, secret)
    }
}

/// The authentication state of one session (§6.8.1 `bfd.AuthType` … `bfd.AuthSeqKnown`).
package struct BFDAuthenticator: Sendable {
    package let key: BFDKey
    /// bfd.XmitAuthSeq, of the next packet. Counted on with every packet, which both kinds of type allow.
    private var nextSequence: UInt32
    /// bfd.RcvAuthSeq while bfd.AuthSeqKnown, and when it came.
    private var received: (sequence: UInt32, at: Instant)?

    /// - Parameter draw: Makes the first sequence number, which must be random (§6.8.1).
    package init(_ key: BFDKey, draw: UInt64) {
        self.key = key
        nextSequence = UInt32(truncatingIfNeeded: draw)
    }

    /// The packet's bytes with a section that proves the key.
    package mutating func sign(_ packet: BFDPacket) -> [UInt8] {
        var packet = packet
        guard let digest = key.type.digest else {
            packet.authentication = .simplePassword(keyID: key.keyID, password: key.secret)
            return packet.bytes
        }
        packet.authentication = .keyed(
            digest,
            isMeticulous: key.type.isMeticulous,
            keyID: key.keyID,
            sequence: nextSequence,
            digest: padded(digest)
        )
        nextSequence &+= 1
        var bytes = packet.bytes
        bytes.replaceSubrange(Self.digestRange(digest), with: digest.of(bytes))
        return bytes
    }

    /// Whether the packet, read from `bytes`, is to be taken (§6.7.2 to §6.7.4). A packet that is not changes nothing.
    ///
    /// - Parameter detection: The session's Detection Time; after twice of it without a packet any sequence number is
    ///   taken again (§6.8.1 `bfd.AuthSeqKnown`).
    package mutating func accepts(
        _ packet: BFDPacket,
        _ bytes: RawSpan,
        at now: Instant,
        detection: Span
    ) -> Bool {
        guard let section = packet.authentication, section.type == key.type, section.keyID == key.keyID else {
            return false
        }
        switch section {
        case .simplePassword(_, let password): return Self.isSame(password, key.secret)
        case .keyed(let digest, let isMeticulous, _, let sequence, let sent):
            if let received, now - received.at <= detection + detection {
                let ahead = sequence &- received.sequence
                let most = 3 * UInt32(packet.detectMultiplier)
                guard (isMeticulous ? 1 : 0) <= ahead, ahead <= most else { return false }
            }
            var message = (0..<Int(bytes.uint8(3))).map { bytes.uint8($0) }
            message.replaceSubrange(Self.digestRange(digest), with: padded(digest))
            guard Self.isSame(digest.of(message), sent) else { return false }
            received = (sequence, now)
            return true
        }
    }

    /// The key in the digest's place, filled up with zeros.
    private func padded(_ digest: BFDDigest) -> [UInt8] {
        key.secret + [UInt8](repeating: 0, count: digest.length - key.secret.count)
    }

    private static func digestRange(_ digest: BFDDigest) -> Range<Int> {
        let start = BFDPacket.mandatoryLength + BFDAuthenticationSection.digestOffset
        return start..<start + digest.length
    }

    /// Compares without leaving early, so that the time taken says nothing about where they differ.
    private static func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
