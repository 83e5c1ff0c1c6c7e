/// Secrets come from where the reference says, or not at all, and the error names why.
import Glibc
import Inference
import Testing

@testable import Gateway

@Suite struct SecretStoreTests {
    private func file(_ content: String, mode: mode_t) throws -> String {
        var path = Array("/tmp/martlet-secret-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else { throw SocketError(what: "mkstemp") }
        defer { close(descriptor) }
        _ = content.withCString { Glibc.write(descriptor, $0, strlen($0)) }
        fchmod(descriptor, mode)
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private let store = SecretStore { ["KEY": " sk-1 \n", "EMPTY": " ", "BAD": "a\u{1}b"][$0] }

    @Test func aFileMustBeClosedToOthers() throws {
        let closed = try file("sk-file\n", mode: 0o600)
        defer { unlink(closed) }
        #expect(try store.value(of: .file(closed)) == "sk-file")
        for mode in [0o640, 0o604, 0o660] as [mode_t] {
            let open = try file("sk-file", mode: mode)
            defer { unlink(open) }
            #expect(throws: SecretError.openToOthers(mode: UInt32(mode))) { try store.value(of: .file(open)) }
        }
    }

    @Test(arguments: [
        (GatewaySecret.environment("MISSING"), SecretError.notSet),
        (.environment("EMPTY"), .empty),
        (.environment("BAD"), .notPrintable),
        (.credential("../key"), .badName),
        (.credential("key"), .notSet),
        (.file("/nowhere/key"), .unreadable(errno: ENOENT)),
        (.file("/tmp"), .notAFile),
    ])
    func whatCannotBeReadSaysWhy(_ reference: GatewaySecret, _ error: SecretError) {
        #expect(throws: error) { try store.value(of: reference) }
    }

    @Test func credentialsLieInTheirDirectory() throws {
        let path = try file("sk-credential", mode: 0o440)
        defer { unlink(path) }
        let store = SecretStore { $0 == "CREDENTIALS_DIRECTORY" ? "/tmp" : nil }
        #expect(try store.value(of: .credential(String(path.dropFirst(5)))) == "sk-credential")
        #expect(try self.store.value(of: .environment("KEY")) == "sk-1")
    }
}
