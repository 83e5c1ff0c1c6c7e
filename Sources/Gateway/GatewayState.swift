/// What does every event loop serve from? One snapshot made ready, and the providers' secrets: immutable, replaced as a whole.
import Inference
import Wire

final class GatewayState: Sendable {
    let view: RoutingView
    /// The header fields that show a provider our secret, parallel to `view.snapshot.providers`; nil: the secret cannot be had.
    let credentials: [[HTTPField]?]
    let brakes: Brakes

    init(_ view: RoutingView, credentials: [[HTTPField]?], brakes: Brakes) {
        self.view = view
        self.credentials = credentials
        self.brakes = brakes
    }

    /// Reads the secrets that the snapshot names. Blocks while it reads small files.
    /// - Returns: the state, and an alarm for every secret that cannot be had.
    static func make(
        _ snapshot: GatewaySnapshot,
        secrets: SecretStore,
        keeping old: GatewayState?
    ) throws(SnapshotError) -> (state: GatewayState, alarms: [GatewayAlarm]) {
        let view = try RoutingView(snapshot)
        var alarms: [GatewayAlarm] = []
        let credentials = snapshot.providers.map { provider in
            fields(of: provider, secrets: secrets) { reason in
                let detail = "\(provider.secret.map { "\($0)" } ?? ""): \(reason)"
                alarms.append(GatewayAlarm(.secretUnavailable, object: provider.name, detail: detail))
            }
        }
        let brakes = Brakes(view, keeping: old?.brakes)
        return (GatewayState(view, credentials: credentials, brakes: brakes), alarms)
    }

    private static func fields(
        of provider: GatewayProvider,
        secrets: SecretStore,
        refuse: (String) -> Void
    ) -> [HTTPField]? {
        guard let reference = provider.secret else { return provider.dialect.fieldsWithoutKey }
        do {
            let secret = try secrets.value(of: reference)
            if let fields = provider.dialect.fields(key: secret) { return fields }
            refuse("it may not stand in a header")
        } catch {
            refuse("\(error)")
        }
        return nil
    }
}

extension Dialect {
    /// What a head must hold even for a provider that asks for no key.
    fileprivate var fieldsWithoutKey: [HTTPField] {
        switch self {
        case .openai: []
        case .anthropic: HTTPField("anthropic-version", Self.anthropicVersion).map { [$0] } ?? []
        }
    }
}
