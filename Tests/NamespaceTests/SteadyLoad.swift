/// Clients that ask without pause while something changes: over kept connections, new ones, and in streams (Tests/Clients/steady_load.py).
import Glibc
import Lab
import LabText
import Testing

struct SteadyLoad {
    private let process: ChildProcess

    /// Returns when each way of asking has been answered.
    ///
    /// - Parameter secret: the key that is shown; nil: that of `ci`.
    init(on models: ModelsSite, model: String = "chat", showing secret: String? = nil) throws {
        let python = try Programs.installed("python3")
        process = try models.site.client.spawn([
            python, ModelsSite.tests + "/Clients/steady_load.py", "\(Site.lan.v4):\(ModelsSite.port)",
            secret ?? ModelsSite.clientKey("ci"), model,
        ])
        let process = process
        try eventually("the load to be answered", within: .seconds(20)) { process.output.contains("begun") }
    }

    /// What came of it.
    struct Outcome {
        let failures: [String]
        /// Answers by way of asking.
        let kept: Int
        let fresh: Int
        let streams: Int
    }

    /// Ends it; what runs is waited for.
    func finish() throws -> Outcome {
        process.signal(SIGTERM)
        try process.waitForEnd(within: .seconds(40))
        let line = try #require(process.output.split(separator: "\n").last.map(String.init), "\(process.errorOutput)")
        let json = try JSON.parse(line)
        let count = { (name: String) in Int(json[name].map { "\($0)" } ?? "") ?? 0 }
        return Outcome(
            failures: json["failures"]?.elements?.compactMap(\.string) ?? ["\(line)"],
            kept: count("kept"),
            fresh: count("fresh"),
            streams: count("streams")
        )
    }
}
