/// What stands behind a reference to a secret? Read when a snapshot arrives, held in memory, never logged or shown.
import Glibc
package import Inference

/// Why a secret cannot be had. Names the reference, never the content.
package enum SecretError: Error, Equatable, Sendable {
    /// `$CREDENTIALS_DIRECTORY` is not set, or the variable is not.
    case notSet
    /// A credential's name with a slash or a leading dot: it would leave its directory.
    case badName
    /// The system's refusal to open or read it.
    case unreadable(errno: Int32)
    /// Others than the owner may read or write the file; its permission bits.
    case openToOthers(mode: UInt32)
    case notAFile
    case tooLarge(limit: Int)
    case empty
    /// It holds bytes that may not stand in an HTTP header.
    case notPrintable
}

extension SecretError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notSet: "it is not set"
        case .badName: "it is no name of a credential"
        case .unreadable(let code): "it cannot be read: \(String(cString: strerror(code)))"
        case .openToOthers(let mode): "others than its owner may use it (mode \(String(mode, radix: 8))); chmod 600 it"
        case .notAFile: "it is no file"
        case .tooLarge(let limit): "it is larger than \(limit) bytes"
        case .empty: "it is empty"
        case .notPrintable: "it holds bytes that may not stand in a header"
        }
    }
}

/// Reads secrets by reference.
package struct SecretStore: Sendable {
    /// Bytes of a secret: provider keys have up to 200; a larger file is a wrong file.
    static let sizeLimit = 16 << 10
    /// Bytes of certificates: the bundle of all that a system trusts has some 220 KiB.
    static let textLimit = 1 << 20

    private let variable: @Sendable (String) -> String?

    /// A store on this process's environment.
    package init() {
        self.init { name in getenv(name).map { String(cString: $0) } }
    }

    init(variable: @escaping @Sendable (String) -> String?) {
        self.variable = variable
    }

    /// The secret without the white space around it. Blocks while it reads a small file.
    package func value(of reference: GatewaySecret) throws(SecretError) -> String {
        switch reference {
        case .credential(let name): try credential(name)
        case .file(let path): try Self.file(path, isClosed: true)
        case .environment(let name): try Self.checked(variable(name))
        }
    }

    /// Certificates and keys as they stand there, line ends and all. Blocks while it reads a small file.
    /// - Parameter isSecret: whether others than the owner may read the file; certificates are for everybody.
    func text(of reference: GatewaySecret, isSecret: Bool) throws(SecretError) -> [UInt8] {
        let bytes: [UInt8]
        switch reference {
        case .credential(let name):
            bytes = try Self.bytes(path(ofCredential: name), isClosed: false, limit: Self.textLimit)
        case .file(let path): bytes = try Self.bytes(path, isClosed: isSecret, limit: Self.textLimit)
        case .environment(let name):
            guard let text = variable(name) else { throw .notSet }
            bytes = Array(text.utf8)
        }
        guard !bytes.isEmpty else { throw .empty }
        return bytes
    }

    private func credential(_ name: String) throws(SecretError) -> String {
        try Self.file(try path(ofCredential: name), isClosed: false)
    }

    /// systemd guards the directory, and may do it by access lists, whose mask shows up as group permissions.
    private func path(ofCredential name: String) throws(SecretError) -> String {
        guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), !name.hasPrefix(".") else { throw .badName }
        guard let directory = variable("CREDENTIALS_DIRECTORY") else { throw .notSet }
        return directory + "/" + name
    }

    private static func file(_ path: String, isClosed: Bool) throws(SecretError) -> String {
        try checked(String(decoding: bytes(path, isClosed: isClosed, limit: sizeLimit), as: UTF8.self))
    }

    private static func bytes(_ path: String, isClosed: Bool, limit: Int) throws(SecretError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        // Asked of the open file, so that nobody can swap it in between.
        guard !isClosed || status.st_mode & 0o077 == 0 else { throw .openToOthers(mode: status.st_mode & 0o777) }
        return try contents(of: descriptor, limit: limit)
    }

    private static func contents(of descriptor: Int32, limit: Int) throws(SecretError) -> [UInt8] {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let got = part.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if got < 0 { throw .unreadable(errno: errno) }
            if got == 0 { return bytes }
            bytes += part[..<got]
            guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
        }
    }

    private static func checked(_ text: String?) throws(SecretError) -> String {
        guard let text else { throw .notSet }
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let bytes = text.utf8.drop(while: isBlank)
        guard let last = bytes.lastIndex(where: { !isBlank($0) }) else { throw .empty }
        let value = bytes[...last]
        guard value.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .notPrintable }
        return String(decoding: value, as: UTF8.self)
    }
}
