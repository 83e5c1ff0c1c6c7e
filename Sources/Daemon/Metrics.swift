/// What Prometheus reads: the text exposition format 0.0.4, made anew for each scrape from the state of one moment.
import Control
import Forwarding
import Foundation
import Inference
import NetTypes
import PolicyEngine
import Runtime

struct MetricsPage {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private var lines: [String] = []

    /// The page for the answers' moment.
    static func text(_ answers: Answers, _ hooks: [HookState]) -> String {
        var page = MetricsPage()
        page.addMembers(answers)
        page.addNetwork(answers)
        page.addModels(answers)
        page.addHooks(hooks)
        return page.lines.joined(separator: "\n") + "\n"
    }

    mutating func family(_ name: String, _ type: String, _ help: String) {
        lines += ["# HELP \(name) \(help)", "# TYPE \(name) \(type)"]
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
        let inside = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        lines.append(inside.isEmpty ? "\(name) \(value)" : "\(name){\(inside)} \(value)")
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private mutating func addMembers(_ answers: Answers) {
        let rows = answers.members()
        let labels = { (row: MemberRow) in [("plane", row.plane), ("member", row.name), ("scope", row.scope)] }
        family("martlet_member_up", "gauge", "Whether the member is healthy and wanted: 1 or 0.")
        for row in rows {
            let isUp = ["up", "unknown", "degraded"].contains(row.health) && row.admin == "up"
            sample("martlet_member_up", labels(row), isUp ? "1" : "0")
        }
        family("martlet_member_share_ratio", "gauge", "Part of its group's load that the member carries.")
        for row in rows { sample("martlet_member_share_ratio", labels(row), "\(Double(row.sharePermille) / 1000)") }
    }

    private mutating func addProbes(_ rows: [ProbeRow]) {
        let gauges: [(name: String, help: String, value: (ProbeRow) -> Double?)] = [
            (
                "martlet_probe_round_trip_seconds", "Round trip of the last answered probe round.",
                { Self.seconds($0.roundTrip) }
            ),
            ("martlet_probe_latency_seconds", "Mean round trip over the probe's window.", { Self.seconds($0.latency) }),
            (
                "martlet_probe_latency_p95_seconds", "Round trip that 95 % of those in the probe's window keep within.",
                { Self.seconds($0.percentile95) }
            ),
            (
                "martlet_probe_jitter_seconds", "Mean difference between one round trip and the next.",
                { Self.seconds($0.jitter) }
            ),
            (
                "martlet_probe_loss_ratio", "Lost part of the requests in the probe's window.",
                { $0.lossPermille.map { Double($0) / 1000 } }
            ),
        ]
        for gauge in gauges {
            family(gauge.name, "gauge", gauge.help)
            for row in rows {
                guard let value = gauge.value(row) else { continue }
                sample(gauge.name, [("member", row.member), ("scope", row.scope)], "\(value)")
            }
        }
    }

    private static func seconds(_ span: Span?) -> Double? { span.map { Double($0.nanoseconds) / 1e9 } }

    private mutating func addNetwork(_ answers: Answers) {
        guard let network = answers.router.network else { return }
        addProbes(answers.probes())
        addSessions(answers.bfd())
        family(
            "martlet_kernel_refused_objects",
            "gauge",
            "Kernel objects that the kernel refuses and that are being retried."
        )
        sample("martlet_kernel_refused_objects", [], "\(network.refusals.count)")
        addLists(answers, network)
        addOffloads(network.view)
        family("martlet_kernel_overruns_total", "counter", "Times announcements of the kernel were lost, by family.")
        for (name, count) in network.overruns.map({ ($0.key.rawValue, $0.value) }).sorted(by: { $0.0 < $1.0 }) {
            sample("martlet_kernel_overruns_total", [("family", name)], "\(count)")
        }
        family("martlet_kernel_conflicts", "gauge", "Strangers' kernel objects where ours belong.")
        sample("martlet_kernel_conflicts", [], "\(network.conflicts.count)")
        family("martlet_kernel_drift_total", "counter", "Times somebody changed an object of ours and it was put back.")
        sample("martlet_kernel_drift_total", [], "\(network.driftCount)")
    }

    private mutating func addLists(_ answers: Answers, _ network: NetworkPlane) {
        let standings = answers.feedStandings(network, network.resolver.wish())
        let labels = { (row: FeedStanding) in [("list", row.feed.name), ("family", row.family.name)] }
        family("martlet_list_prefixes", "gauge", "Prefixes in the file of a list of routes, as last read.")
        for row in standings { sample("martlet_list_prefixes", labels(row), "\(row.count)") }
        family("martlet_list_programmed", "gauge", "Routes of a list that the kernel holds as the list wants them.")
        for row in standings { sample("martlet_list_programmed", labels(row), "\(row.programmed)") }
    }

    private mutating func addOffloads(_ view: KernelView) {
        family("martlet_kernel_offload_objects", "gauge", "Objects of ours by what forwarding hardware made of them.")
        let kinds = [
            ("route", view.offloadedRoutes.map(\.flags)), ("next hop", view.offloadedNexthops.map(\.flags)),
        ]
        let states: [(String, Offload)] = [("offload", .offloaded), ("trap", .trapped), ("offload-failed", .failed)]
        for (kind, flags) in kinds {
            for (state, flag) in states where kind == "route" || flag != .failed {
                let count = flags.count { $0.contains(flag) }
                sample("martlet_kernel_offload_objects", [("kind", kind), ("state", state)], "\(count)")
            }
        }
    }

    private mutating func addSessions(_ rows: [BFDRow]) {
        guard !rows.isEmpty else { return }
        let labels = { (row: BFDRow) in [("member", row.member), ("scope", row.scope), ("peer", row.peer)] }
        family("martlet_bfd_session_up", "gauge", "Whether the member's BFD session is up: 1 or 0.")
        for row in rows { sample("martlet_bfd_session_up", labels(row), row.state == "up" ? "1" : "0") }
        family("martlet_bfd_session_falls_total", "counter", "Times the BFD session left the state up.")
        for row in rows { sample("martlet_bfd_session_falls_total", labels(row), "\(row.falls)") }
        family("martlet_bfd_longest_gap_seconds", "gauge", "Longest time between two BFD packets of late.")
        for row in rows {
            sample("martlet_bfd_longest_gap_seconds", labels(row), "\(Double(row.longestGap.nanoseconds) / 1e9)")
        }
        family(
            "martlet_bfd_packets_refused_total",
            "counter",
            "BFD packets that failed a check, the key's most of all."
        )
        for row in rows { sample("martlet_bfd_packets_refused_total", labels(row), "\(row.refused)") }
    }

    private mutating func addModels(_ answers: Answers) {
        guard let models = answers.router.models else { return }
        family(
            "martlet_model_requests_total",
            "counter",
            "Model requests by group, member of the last attempt, and outcome."
        )
        for (key, count) in models.counters.sorted(by: { $0.key < $1.key }) {
            let labels = [("group", key.group), ("member", key.member), ("outcome", key.outcome.rawValue)]
            sample("martlet_model_requests_total", labels, "\(count)")
        }
        family(
            "martlet_gateway_generation",
            "gauge",
            "The snapshot that the gateway serves by; behind the daemon's while it catches up."
        )
        sample("martlet_gateway_generation", [], "\(models.servedGeneration ?? 0)")
        addMeasures(models)
        addServers(answers)
    }

    private mutating func addHooks(_ hooks: [HookState]) {
        guard !hooks.isEmpty else { return }
        family(
            "martlet_notify_events_total",
            "counter",
            "Events told to a hook, given up, or pushed out of its full queue."
        )
        for hook in hooks {
            for (outcome, count) in [
                ("delivered", hook.delivered), ("failed", hook.failed), ("dropped", hook.dropped),
            ] {
                sample("martlet_notify_events_total", [("hook", hook.name), ("outcome", outcome)], "\(count)")
            }
        }
    }
}
