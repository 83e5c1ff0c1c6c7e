/// What does every event loop serve from? One snapshot made ready, and the providers' secrets: immutable, replaced as a whole.
import Inference
import Wire

final class GatewayState: Sendable {
    let view: RoutingView
    /// The header fields that show a provider our secret, parallel to `view.snapshot.providers`; nil: the secret cannot be had.
    let credentials: [[HTTPField]?]
    let brakes: Brakes
    /// By what each provider's certificate is checked, parallel to the providers; nil: it is not, for want of TLS or of authorities.
    let trusts: [UpstreamTrust?]

    init(_ view: RoutingView, credentials: [[HTTPField]?], brakes: Brakes, trusts: [UpstreamTrust?]) {
        self.view = view
        self.credentials = credentials
        self.brakes = brakes
        self.trusts = trusts
    }

    /// Reads the secrets that the snapshot names. Blocks while it reads small files.
    /// - Parameter old: the state before, whose counters go on.
    /// - Returns: the state, and an alarm for every secret and trust that cannot be had.
    static func make(
        _ snapshot: GatewaySnapshot,
        secrets: SecretStore,
        trust: inout TrustStore,
        counters: LoadCounters,
        keeping old: GatewayState?
    ) throws(SnapshotError) -> (state: GatewayState, alarms: [GatewayAlarm]) {
        counters.keep(snapshot)
        let shown = snapshot.providers.map { ShownSecret(of: $0, in: secrets) }
        let seals = shown.map { $0.text.map { Responses.seal(of: $0) } }
        let view = try RoutingView(snapshot, after: old?.view, seals: seals) { counters.words(of: $0, $1) }
        var alarms: [GatewayAlarm] = []
        let credentials = zip(snapshot.providers, shown).map { provider, secret in
            fields(of: provider, secret) { reason in
                let detail = "\(provider.secret.map { "\($0)" } ?? ""): \(reason)"
                alarms.append(GatewayAlarm(.secretUnavailable, object: provider.name, detail: detail))
            }
        }
        let brakes = Brakes(view, keeping: old?.brakes)
        let (trusts, untrusted) = trust.trusts(of: snapshot.providers, secrets)
        let state = GatewayState(view, credentials: credentials, brakes: brakes, trusts: trusts)
        return (state, alarms + untrusted)
    }

    private static func fields(
        of provider: GatewayProvider,
        _ shown: ShownSecret,
        refuse: (String) -> Void
    ) -> [HTTPField]? {
        switch shown {
        case .none:
            let fields = provider.dialect.fieldsWithoutKey
            return provider.quirks.map { $0.fields(key: nil, besides: fields) ?? fields } ?? fields
        case .text(let secret):
            if let fields = provider.dialect.fields(key: secret) {
                guard let quirks = provider.quirks else { return fields }
                if let fields = quirks.fields(key: secret, besides: fields) { return fields }
            }
            refuse("it may not stand in a header")
        case .missing(let error): refuse("\(error)")
        }
        return nil
    }
}

/// What a provider is shown.
private enum ShownSecret {
    /// Nothing.
    case none
    case text(String)
    /// It cannot be had.
    case missing(SecretError)

    /// Blocks while it reads a small file.
    init(of provider: GatewayProvider, in secrets: SecretStore) {
        guard let reference = provider.secret else {
            self = .none
            return
        }
        do { self = .text(try secrets.value(of: reference)) } catch { self = .missing(error) }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
}

extension Dialect {
    /// What a head must hold even for a provider that asks for no key.
    fileprivate var fieldsWithoutKey: [HTTPField] {
        switch self {
        case .openai, .gemini, .ollama, .responses: []
        case .anthropic: HTTPField("anthropic-version", Self.anthropicVersion).map { [$0] } ?? []
        }
    }
}
