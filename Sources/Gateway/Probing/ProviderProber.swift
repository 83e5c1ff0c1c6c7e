/// When is which provider probed? Each by its own timer, over all ways that carry load at once; what came of a round is one report.
import Inference
import NIOCore
import NetTypes

/// Touched on its own loop only.
final class ProviderProber {
    private let loop: GatewayLoop
    private var state: GatewayState?
    /// Which providers have a timer, by name: a new snapshot changes what is probed, not when. A round that is due goes on only for the probe that
    /// it was begun for, however often that was taken out and put back.
    private var schedule: [String: (probe: ProviderProbe, number: Int)] = [:]
    private var begun = 0
    /// What is remembered of the models of each, by name.
    private var memos: [String: ServerMemo] = [:]

    init(on loop: GatewayLoop) { self.loop = loop }

    func use(_ state: GatewayState) {
        self.state = state
        for provider in state.view.snapshot.providers {
            guard let probe = provider.probe, schedule[provider.name]?.probe != probe else { continue }
            begun += 1
            schedule[provider.name] = (probe, begun)
            run(provider.name, probe, begun)
        }
    }

    func stop() { state = nil }

    /// One round, and the next after it; the end of it when the configuration has no such probe any more.
    private func run(_ name: String, _ probe: ProviderProbe, _ number: Int) {
        guard schedule[name]?.number == number else { return }
        guard let state, let index = state.view.snapshot.providers.firstIndex(where: { $0.name == name }),
            state.view.snapshot.providers[index].probe == probe
        else {
            (schedule[name], memos[name]) = (nil, nil)
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
        loop.eventLoop.assumeIsolated().scheduleTask(in: probe.every.timeAmount) { self.run(name, probe, number) }
    }
}
