/// What local servers said of themselves when they were read last: a part of `show providers`, `explain model` and the metrics.
import ConfigSyntax
import Control
import Inference
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    /// Nil: nothing is read of this provider, or nothing has come yet.
    func server(of provider: String) -> ServerRow? {
        guard let (reading, at) = router.models?.reading(of: provider) else { return nil }
        return ServerRow(
            models: reading.models.map { ServerRow.Model(name: $0.name, context: $0.context, loaded: $0.isLoaded) },
            running: reading.running,
            waiting: reading.waiting,
            readAgo: now - at
        )
    }

    /// In the cell of its probe: what is loaded, and what there is to do.
    func words(_ server: ServerRow) -> String {
        let loaded = server.models.filter(\.loaded)
        let models =
            loaded.isEmpty
            ? "\(server.models.count) models, none loaded"
            : loaded.map { $0.name + ($0.context.map { " (\($0) tokens)" } ?? "") }.joined(separator: ", ")
        return "serves \(models)\(queueWords(server)), read \(left(until: now + server.readAgo)) ago"
    }

    /// `, 3 running, 1 waiting`; empty where the server does not tell.
    private func queueWords(_ server: ServerRow) -> String {
        [("running", server.running), ("waiting", server.waiting)]
            .compactMap { name, count in count.map { ", \($0) \(name)" } }.joined()
    }

    /// What a member of a server that is read is asked for; empty for all others.
    func foundWords(_ member: String, _ models: ModelPlane) -> String {
        guard let id = models.groups.member(named: member)?.id, let model = models.found[id.index]?.model,
            let provider = models.provider(of: id), let server = server(of: provider)
        else { return "" }
        let room = model.context.map { " with room for \($0) tokens" } ?? ""
        return ", asked for \(model.name)\(room)\(queueWords(server)) (read \(left(until: now + server.readAgo)) ago)"
    }

    /// The queues of the gateway, as far as the daemon knows them: what servers said last, else what we have under way there.
    func supposeQueues(in view: RoutingView, _ models: ModelPlane) {
        for (index, provider) in view.snapshot.providers.enumerated() {
            let own = models.underWay.filter { count in
                models.groups.member(named: count.member).map { models.provider(of: $0.id) == provider.name } ?? false
            }
            let queue = models.reading(of: provider.name)?.reading.queue ?? own.reduce(0) { $0 + $1.count }
            view.servers[index].heard(queue, own: 0)
        }
    }
}

extension MetricsPage {
    /// Of servers that tell.
    mutating func addServers(_ answers: Answers) {
        family(
            "martlet_provider_requests",
            "gauge",
            "Requests that a local server has, whoever asked them, as its probe read last."
        )
        for provider in answers.router.models?.configuration.providers ?? [] {
            guard let server = answers.server(of: provider.name.value) else { continue }
            for (state, count) in [("running", server.running), ("waiting", server.waiting)] {
                guard let count else { continue }
                sample("martlet_provider_requests", [("provider", provider.name.value), ("state", state)], "\(count)")
            }
        }
    }
}
