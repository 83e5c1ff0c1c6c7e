/// When is which provider probed? Each by its own timer, over all ways that carry load at once; what came of a round is one report.
import Inference
import NIOCore
import NetTypes

/// Touched on its own loop only.
final class ProviderProber {
    private let loop: GatewayLoop
    private var state: GatewayState?
    /// Which providers have a timer, by name: a new snapshot changes what is probed, not when.
    private var schedule: [String: ProviderProbe] = [:]
    /// What is remembered of the models of each, by name.
    private var memos: [String: ServerMemo] = [:]

    init(on loop: GatewayLoop) { self.loop = loop }

    func use(_ state: GatewayState) {
        self.state = state
        for provider in state.view.snapshot.providers {
            guard let probe = provider.probe, schedule[provider.name] != probe else { continue }
            schedule[provider.name] = probe
            run(provider.name, probe)
        }
    }

    func stop() { state = nil }

    /// One round, and the next after it; the end of it when the configuration has no such probe any more.
    private func run(_ name: String, _ probe: ProviderProbe) {
        guard let state, let index = state.view.snapshot.providers.firstIndex(where: { $0.name == name }),
            state.view.snapshot.providers[index].probe == probe
        else {
            if schedule[name] == probe { (schedule[name], memos[name]) = (nil, nil) }
            return
        }
        let ways = state.view.snapshot.probeWays(toProvider: index)
        var outcomes: [ProbeOutcome] = []
        let inspection = state.view.snapshot.inspection(ofProvider: index, memo: memos[name] ?? [:])
        for way in ways {
            let run = ProbeRun(of: index, over: way, probe, reading: inspection, on: state, loop)
            run.start { [unowned run] outcome in
                if let memo = run.inspection?.memo { self.memos[name] = memo }
                outcomes.append(outcome)
                guard outcomes.count == ways.count, let state = self.state else { return }
                let sorted = outcomes.sorted { ($0.path ?? "") < ($1.path ?? "") }
                state.view.heard(sorted, fromProvider: name)
                self.loop.reports.send(.probed(provider: name, sorted, at: GatewayClock.now()))
            }
        }
        loop.eventLoop.assumeIsolated().scheduleTask(in: probe.every.timeAmount) { self.run(name, probe) }
    }
}
