/// By whose word is a provider's certificate believed? The system's authorities, or those of the provider's own `ca`.
import Inference
import NIOSSL
import Synchronization

/// Connections made by one trust are never used for another.
final class UpstreamTrust: Sendable {
    /// For connections on which the provider chooses what is spoken.
    let context: NIOSSLContext
    private let configuration: TLSConfiguration
    private let older = Mutex<NIOSSLContext?>(nil)

    init(_ configuration: TLSConfiguration) throws {
        var configuration = configuration
        // In the order in which we would have them.
        configuration.applicationProtocols = ["h2", "http/1.1"]
        context = try NIOSSLContext(configuration: configuration)
        configuration.applicationProtocols = ["http/1.1"]
        self.configuration = configuration
    }

    /// For connections on which HTTP/1.1 is spoken whatever the provider would like better; made when it is first asked for.
    var contextOfHTTP1: NIOSSLContext? {
        older.withLock { older in
            older = older ?? (try? NIOSSLContext(configuration: configuration))
            return older
        }
    }
}

/// Makes each trust once: reading the system's authorities takes tens of milliseconds. Touched on the link's loop only.
struct TrustStore {
    private let configuration: TLSConfiguration
    private var system: UpstreamTrust?
    /// By the bytes of the authorities.
    private var own: [[UInt8]: UpstreamTrust] = [:]

    /// - Parameter configuration: how certificates are checked where a provider has no authorities of its own.
    init(_ configuration: TLSConfiguration) { self.configuration = configuration }

    /// What each provider is checked by, parallel to them; nil: it is not TLS, or cannot be had, which an alarm says.
    mutating func trusts(
        of providers: [GatewayProvider],
        _ secrets: SecretStore
    ) -> (trusts: [UpstreamTrust?], alarms: [GatewayAlarm]) {
        var alarms: [GatewayAlarm] = []
        var used: [[UInt8]: UpstreamTrust] = [:]
        let trusts = providers.map { provider -> UpstreamTrust? in
            guard provider.isTLS else { return nil }
            do throws(TrustError) {
                guard let ca = provider.ca else { return try systemTrust() }
                let (bytes, trust) = try ownTrust(ca, secrets)
                used[bytes] = trust
                return trust
            } catch {
                alarms.append(GatewayAlarm(.trustUnavailable, object: provider.name, detail: "\(error)"))
                return nil
            }
        }
        own = used
        return (trusts, alarms)
    }

    private mutating func systemTrust() throws(TrustError) -> UpstreamTrust {
        if let system { return system }
        guard let made = try? UpstreamTrust(configuration) else { throw .noSystemAuthorities }
        system = made
        return made
    }

    private func ownTrust(
        _ reference: GatewaySecret,
        _ secrets: SecretStore
    ) throws(TrustError) -> ([UInt8], UpstreamTrust) {
        let bytes: [UInt8]
        do throws(SecretError) {
            bytes = try secrets.text(of: reference, isSecret: false)
        } catch {
            throw .unavailable(reference, error)
        }
        if let known = own[bytes] { return (bytes, known) }
        guard let authorities = try? NIOSSLCertificate.fromPEMBytes(bytes), !authorities.isEmpty else {
            throw .noCertificate(reference)
        }
        var configuration = configuration
        configuration.trustRoots = .certificates(authorities)
        guard let trust = try? UpstreamTrust(configuration) else { throw .noCertificate(reference) }
        return (bytes, trust)
    }
}

/// Why there is nothing to check a certificate by.
enum TrustError: Error, Equatable {
    case noSystemAuthorities
    case unavailable(GatewaySecret, SecretError)
    case noCertificate(GatewaySecret)
}

extension TrustError: CustomStringConvertible {
    var description: String {
        switch self {
        case .noSystemAuthorities:
            "no TLS towards providers: this system trusts no authority; the package ca-certificates has what is trusted"
        case .unavailable(let reference, let error): "no TLS towards it: ca (\(reference)): \(error)"
        case .noCertificate(let reference): "no TLS towards it: ca (\(reference)): it holds no certificate in PEM"
        }
    }
}
