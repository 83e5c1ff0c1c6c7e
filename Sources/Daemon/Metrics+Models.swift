/// What Prometheus reads of model requests: by the names of the GenAI conventions of OpenTelemetry where those have one, else by our own.
/// docs/metrics.md lists them.
import ConfigSyntax
import Inference
import NetTypes
import PolicyEngine
import Runtime

extension MetricsPage {
    mutating func addMeasures(_ models: ModelPlane) {
        let names = MemberNames(models.configuration)
        addRequests(models.measures, names)
        addAttempts(models.measures, names)
        addTokens(models.measures, names)
        family(
            "martlet_model_requests_serving",
            "gauge",
            "Model requests that are being served, as told about a second ago."
        )
        sample("martlet_model_requests_serving", [], "\(models.serving.values.reduce(0, &+))")
        family(
            "martlet_gateway_reports_dropped_total",
            "counter",
            "Reports of the gateway, mostly decisions, that were lost."
        )
        sample("martlet_gateway_reports_dropped_total", [], "\(models.droppedReports)")
    }

    private mutating func addRequests(_ measures: ModelMeasures, _ names: MemberNames) {
        let rows = measures.requests.map { (labels: names.labels($0.key), measures: $0.value, group: $0.key.group) }
            .sorted { Self.precedes($0.labels, $1.labels) }
        family(
            "gen_ai_server_request_duration_seconds",
            "histogram",
            "Model requests as clients saw them, over all attempts."
        )
        for row in rows {
            for (error, histogram) in row.measures.durations.sorted(by: { $0.key < $1.key }) {
                let labels = row.labels + Self.errorLabel(error)
                add(histogram, "gen_ai_server_request_duration_seconds", labels, scale: Self.nanoseconds)
            }
        }
        family("gen_ai_server_time_to_first_token_seconds", "histogram", "To the first meaningful byte of streams.")
        for row in rows {
            add(
                row.measures.firstToken,
                "gen_ai_server_time_to_first_token_seconds",
                row.labels,
                scale: Self.nanoseconds
            )
        }
        family(
            "gen_ai_server_time_per_output_token_seconds",
            "histogram",
            "For each token of whole streams but the first."
        )
        for row in rows {
            add(
                row.measures.perToken,
                "gen_ai_server_time_per_output_token_seconds",
                row.labels,
                scale: Self.nanoseconds
            )
        }
        family("martlet_model_failovers_total", "counter", "Attempts beyond a request's first.")
        var failovers: [String: UInt64] = [:]
        for row in rows where !row.group.isEmpty { failovers[row.group, default: 0] &+= row.measures.failovers }
        for (group, count) in failovers.sorted(by: { $0.key < $1.key }) {
            sample("martlet_model_failovers_total", [("group", group)], "\(count)")
        }
    }

    private mutating func addAttempts(_ measures: ModelMeasures, _ names: MemberNames) {
        let rows = Self.attempts(measures, names)
        family("gen_ai_client_operation_duration_seconds", "histogram", "Attempts at providers.")
        for row in rows {
            for (failure, histogram) in row.measures.durations.sorted(by: { Self.word($0.key) < Self.word($1.key) }) {
                let labels = row.labels + Self.errorLabel(Self.word(failure))
                add(histogram, "gen_ai_client_operation_duration_seconds", labels, scale: Self.nanoseconds)
            }
        }
        family(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "histogram",
            "To the first meaningful event of a provider's stream."
        )
        for row in rows {
            add(
                row.measures.firstToken,
                "gen_ai_client_operation_time_to_first_chunk_seconds",
                row.labels,
                scale: Self.nanoseconds
            )
        }
        family("martlet_model_attempts_total", "counter", "Attempts at providers by what became of them.")
        for row in rows {
            for (failure, histogram) in row.measures.durations.sorted(by: { Self.word($0.key) < Self.word($1.key) }) {
                let outcome = failure?.rawValue ?? "none"
                sample("martlet_model_attempts_total", row.labels + [("failure", outcome)], "\(histogram.count)")
            }
        }
    }

    private mutating func addTokens(_ measures: ModelMeasures, _ names: MemberNames) {
        let rows = Self.attempts(measures, names)
        family("gen_ai_client_token_usage", "histogram", "Tokens of a request, as its provider reported them.")
        for row in rows {
            for (type, histogram) in [("input", row.measures.input), ("output", row.measures.output)] {
                let labels = row.labels + [("gen_ai_token_type", type)]
                add(histogram, "gen_ai_client_token_usage", labels, scale: 1)
            }
        }
        family(
            "martlet_model_tokens_total",
            "counter",
            "Tokens by class; cached_read and cache_write are parts of input, reasoning of output."
        )
        for row in rows {
            let classes = [
                ("input", row.measures.input.sum), ("cached_read", row.measures.cachedInput),
                ("cache_write", row.measures.cacheWrite), ("output", row.measures.output.sum),
                ("reasoning", row.measures.reasoning),
            ]
            for (name, count) in classes {
                sample("martlet_model_tokens_total", row.labels + [("class", name)], "\(count)")
            }
        }
        family("martlet_model_usage_unreported_total", "counter", "Whole answers whose provider told no usage.")
        for row in rows { sample("martlet_model_usage_unreported_total", row.labels, "\(row.measures.unreported)") }
    }

    // MARK: Rows and labels

    private typealias Labels = [(String, String)]

    private static func attempts(_ measures: ModelMeasures, _ names: MemberNames)
        -> [(labels: Labels, measures: AttemptMeasures)]
    {
        measures.attempts.map { (names.labels($0.key), $0.value) }.sorted { precedes($0.0, $1.0) }
    }

    private static func precedes(_ a: Labels, _ b: Labels) -> Bool {
        a.map(\.1).lexicographicallyPrecedes(b.map(\.1))
    }

    private static func word(_ failure: FailureClass?) -> String { failure?.rawValue ?? "" }

    /// There only when it ended badly, as the conventions have it.
    private static func errorLabel(_ error: String) -> Labels { error.isEmpty ? [] : [("error_type", error)] }

    /// Histograms of times are kept in nanoseconds and shown in seconds.
    private static let nanoseconds = 1e9

    /// One histogram, unless it is empty. The text format wants counts up to each bound.
    private mutating func add(_ histogram: Histogram, _ name: String, _ labels: Labels, scale: Double) {
        guard histogram.count > 0 else { return }
        var sum: UInt64 = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            sum &+= count
            let edge = scale == 1 ? "\(bound)" : "\(Double(bound) / scale)"
            sample(name + "_bucket", labels + [("le", edge)], "\(sum)")
        }
        sample(name + "_bucket", labels + [("le", "+Inf")], "\(histogram.count)")
        sample(name + "_sum", labels, scale == 1 ? "\(histogram.sum)" : "\(Double(histogram.sum) / scale)")
        sample(name + "_count", labels, "\(histogram.count)")
    }
}

/// Which provider stands behind a member: names of the configuration that runs now; one that is gone from it has none.
private struct MemberNames {
    private struct Provider {
        let name: String
        let dialect: String
    }

    private var providers: [String: Provider] = [:]

    init(_ configuration: ModelsConfiguration) {
        let dialects = Dictionary(configuration.providers.map { ($0.name.value, $0.dialect.rawValue) }) { first, _ in
            first
        }
        // What is passed on unread goes to a provider by its own name, which has no dot.
        for (name, dialect) in dialects { providers[name] = Provider(name: name, dialect: dialect) }
        for group in configuration.groups {
            for member in group.members {
                let name = group.definition.name.value + "." + member.name.value
                let provider = member.provider.value
                providers[name] = Provider(name: provider, dialect: dialects[provider] ?? "")
            }
        }
    }

    /// Clients ask for groups; what they name otherwise is a stranger's word, and no label.
    func labels(_ name: ModelMeasures.RequestName) -> [(String, String)] {
        labels(name.operation, name.member) + [
            ("gen_ai_request_model", name.group), ("gen_ai_response_model", name.model),
        ]
    }

    func labels(_ name: ModelMeasures.AttemptName) -> [(String, String)] {
        labels(name.operation, name.member) + [("gen_ai_request_model", name.model)]
    }

    private func labels(_ operation: ModelOperation, _ member: String) -> [(String, String)] {
        [
            ("gen_ai_operation_name", operation.rawValue),
            // The conventions know providers by the language they speak.
            ("gen_ai_provider_name", providers[member]?.dialect ?? ""),
            ("martlet_provider", providers[member]?.name ?? ""),
            ("martlet_member", member),
        ]
    }
}
