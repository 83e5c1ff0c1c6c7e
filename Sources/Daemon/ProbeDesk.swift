/// Who holds the prober: the runtime says what is probed, the control API has a probe run once.
import Control
import Liveness
import NetTypes
import PolicyEngine
import Probing
import Runtime
import Synchronization

final class ProbeDesk: Sendable {
    private let runtime: RuntimeThread
    private let service = Mutex<ProbeService?>(nil)

    init(runtime: RuntimeThread) { self.runtime = runtime }

    /// Probes exactly these members from now on. The prober's thread is started for the first of them.
    func configure(_ members: [ProbedMember]) throws {
        if members.isEmpty, service.withLock({ $0 == nil }) { return }
        try running().configure(members)
    }

    /// Runs a member's probe once; the reply comes within seconds, on the prober's thread.
    func run(_ member: ProbedMember, _ reply: @escaping @Sendable (ProbeReply) -> Void) throws {
        try running().run(ProbeTrial(member) { reply(ProbeReply(member.name, $0)) })
    }

    private func running() throws -> ProbeService {
        try service.withLock { service in
            if let service { return service }
            let made = try ProbeService { [runtime] in Self.post($0, to: runtime) }
            service = made
            return made
        }
    }

    /// In the order in which they became certain, neighbours of one kind together.
    private static func post(_ reports: [ProbeReport], to runtime: RuntimeThread) {
        var results: [ProbeResult] = []
        for report in reports {
            switch report {
            case .result(let result): results.append(result)
            case .target(let target):
                if !results.isEmpty { runtime.post(.probed(results)) }
                results = []
                runtime.post(.targets([target]))
            }
        }
        if !results.isEmpty { runtime.post(.probed(results)) }
    }

    func stop() { service.withLock { $0 }?.stop() }
}

extension ProbeReply {
    fileprivate init(_ member: String, _ sightings: [ProbeTrial.Sighting]) {
        self.init(member: member, requests: sightings.map { Request($0) })
    }
}

extension ProbeReply.Request {
    fileprivate init(_ sighting: ProbeTrial.Sighting) {
        self.init(
            scope: sighting.scope.name,
            kind: sighting.question.name,
            target: sighting.target.description,
            source: sighting.source?.description,
            device: sighting.device,
            mark: sighting.mark?.description
        )
        switch sighting.outcome {
        case .answered(let trip, let tripClock, let warning):
            (roundTrip, clock) = (trip, tripClock.rawValue)
            if let warning { (result, detail) = (warning.cause.name, warning.detail) }
        case .failed(let fault): (isAnswered, result, detail) = (false, fault.cause.name, fault.detail)
        }
    }
}
