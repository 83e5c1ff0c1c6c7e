/// What answers the probes of tests on the far side: Tests/Answerer/answerer.py, with certificates made for the run.
import Lab
import LabText

/// Certificates of www.example.com, each its own authority; the port each is served on by its place.
struct Answerer {
    enum Certificate: Int, CaseIterable {
        case good
        /// Valid in the year 2020 alone.
        case expired
        /// For two days more.
        case ending

        var port: Int { 443 + rawValue }
    }

    let process: ChildProcess
    private let directory: String

    /// The repository's files, wherever the tests run.
    private static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

    static func start(_ addresses: [String], in namespace: Namespace, of workspace: Workspace) throws -> Answerer {
        let directory = workspace.path("certificates")
        try namespace.run([try Programs.installed("mkdir"), "-p", directory])
        try namespace.run([try Programs.installed("cp"), root + "/Tests/Fixtures/certificates/expired.pem", directory])
        for (certificate, days) in [(Certificate.good, 30), (.ending, 2)] {
            try make("\(directory)/\(certificate).pem", days: days, in: namespace)
        }
        let files = Certificate.allCases.map { "\(directory)/\($0).pem" }
        let python = try Programs.installed("python3")
        let process = try namespace.spawn([python, root + "/Tests/Answerer/answerer.py"] + addresses + files)
        try eventually("the answerer to listen", within: .seconds(10)) { process.output.contains("listening") }
        return Answerer(process: process, directory: directory)
    }

    /// Where a certificate stands, as its own authority.
    func path(_ certificate: Certificate) -> String { "\(directory)/\(certificate).pem" }

    private static func make(_ path: String, days: Int, in namespace: Namespace) throws {
        try namespace.run([
            try Programs.installed("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes", "-keyout", path + ".key", "-out", path, "-subj", "/CN=www.example.com", "-addext",
            "subjectAltName=DNS:www.example.com", "-days", "\(days)",
        ])
        // One file for both, readable by the daemon's user, who trusts it.
        try namespace.run(["sh", "-c", "cat '\(path).key' >> '\(path)' && chmod 644 '\(path)'"])
    }
}
