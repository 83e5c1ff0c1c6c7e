/// Does a listener in TLS serve the real client, and does an operator learn of a certificate that cannot be shown?
import Foundation
import Glibc
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsTLSTests {
        private static let port = 8443

        /// A certificate for the router's address, its own authority, readable by the daemon's user.
        private static func certificate(_ models: ModelsSite, _ name: String, in home: String) throws -> String {
            let path = home + "/" + name
            try models.site.router.run([
                try Programs.installed("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path + ".key", "-out", path + ".pem", "-subj",
                "/CN=router", "-addext", "subjectAltName=IP:\(Site.lan.v4)", "-days", "30",
            ])
            for file in [path + ".key", path + ".pem"] {
                try #require(chown(file, uid_t(Account().user), gid_t(Account().group)) == 0, "chown \(file): \(errno)")
            }
            return path
        }

        private static func listener(_ certificate: String, _ key: String) -> String {
            "{ address: \(Site.lan.v4):\(port), tls: { certificate: { file: \(certificate).pem }, key: { file: \(key).key } } }"
        }

        @Test func theRealClientIsServedAndAWrongCertificateIsAnAlarm() throws {
            var first: ModelsFile?
            let models = try ModelsSite { file, _ in first = file }
            let home = String(models.socket.prefix(upTo: models.socket.lastIndex(of: "/") ?? models.socket.endIndex))
            let (good, other) = (
                try Self.certificate(models, "good", in: home), try Self.certificate(models, "other", in: home)
            )
            var file = try #require(first)
            file.listen.append(Self.listener(good, good))
            let result = try models.apply(file)
            #expect(result.status == 0, "\(result.output)\(result.errorOutput)")
            try models.waitUntilServing()
            if let python = ProcessInfo.processInfo.environment["MARTLET_PYTHON"] {
                for version in [[], ["--http2"]] {
                    let arguments = [
                        try Programs.installed("env"), "SSL_CERT_FILE=\(good).pem", python,
                        ModelsSite.tests + "/Clients/client_check.py", "--base-url",
                        "https://\(Site.lan.v4):\(Self.port)/v1", "--model", "chat", "--key",
                        ModelsSite.clientKey("ci"),
                    ]
                    let answer = try models.site.client.attempt(arguments + version)
                    #expect(answer.status == 0, "\(version) \(answer.output)\(answer.errorOutput)")
                }
            }
            // Another key than the certificate's: the plain listener serves on, the other goes on with what it had.
            file.listen[1] = Self.listener(good, other)
            #expect(try models.apply(file).status == 0)
            try eventually("the alarm; log: \(models.log)", within: .seconds(10)) {
                try models.martlet("status").output.contains("the key does not belong to the certificate")
            }
            #expect(try models.chat("chat", isStreamed: false).status == 200)
            file.listen[1] = Self.listener(other, other)
            #expect(try models.apply(file).status == 0)
            try eventually("no alarm any more", within: .seconds(10)) {
                try !models.martlet("status").output.contains("certificate")
            }
            models.tearDown()
        }
    }
}
