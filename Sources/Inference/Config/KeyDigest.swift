/// What is kept of a client key: its SHA-256, 32 bytes.
package import ConfigSyntax

package struct KeyDigest: Hashable, Sendable {
    /// Always 32.
    package let bytes: [UInt8]

    /// Nil unless there are 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }
}

extension KeyDigest: ScalarValue {
    package static var expectation: String { "'sha256:' and 64 hexadecimal digits" }

    package static func parse(_ text: String) throws(ScalarError) -> KeyDigest {
        // What is written here may be the key itself.
        guard text.hasPrefix("sha256:") else { throw notADigest }
        let digits = Array(text.utf8.dropFirst("sha256:".utf8.count))
        guard digits.count == 64 else {
            throw .confidential("there are \(digits.count) digits after 'sha256:', not 64", hint: nil)
        }
        var bytes: [UInt8] = []
        for pair in stride(from: 0, to: digits.count, by: 2) {
            guard let high = hexValue(digits[pair]), let low = hexValue(digits[pair + 1]) else { throw notADigest }
            bytes.append(high << 4 | low)
        }
        guard let digest = KeyDigest(bytes: bytes) else { throw notADigest }
        return digest
    }

    private static var notADigest: ScalarError {
        .confidential("this is not \(expectation)", hint: "printf %s KEY | sha256sum")
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x61 + 10
        case 0x41...0x46: byte - 0x41 + 10
        default: nil
        }
    }
}

extension KeyDigest {
    /// 64 lower-case digits.
    package var hexadecimal: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
