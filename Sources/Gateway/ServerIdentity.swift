/// What does a listener show of itself in TLS, and may it be shown?
import Glibc
import Inference
import NIOSSL

/// Why there is nothing to show. Names the part, never its content.
enum IdentityError: Error, Equatable {
    case certificateUnavailable(GatewaySecret, SecretError)
    case keyUnavailable(GatewaySecret, SecretError)
    case noCertificate(GatewaySecret)
    case noKey(GatewaySecret)
    /// The key is another certificate's, or of a kind that TLS cannot use.
    case notAPair
    /// Seconds since 1970.
    case expired(at: UInt64)
    case notYetValid(until: UInt64)
}

extension IdentityError: CustomStringConvertible {
    var description: String {
        switch self {
        case .certificateUnavailable(let reference, let error): "certificate (\(reference)): \(error)"
        case .keyUnavailable(let reference, let error): "key (\(reference)): \(error)"
        case .noCertificate(let reference): "certificate (\(reference)): it holds no certificate in PEM"
        case .noKey(let reference): "key (\(reference)): it holds no private key in PEM without a passphrase"
        case .notAPair: "the key does not belong to the certificate"
        case .expired(let second): "the certificate ended on \(HTTPDate.format(second))"
        case .notYetValid(let second): "the certificate is not valid before \(HTTPDate.format(second))"
        }
    }
}

/// A certificate chain with its key, made ready.
final class ServerIdentity: Sendable {
    /// In the order in which we would have them.
    private static let protocols = ["h2", "http/1.1"]

    let context: NIOSSLContext
    /// When the first certificate ends, in seconds since 1970.
    let endsAt: UInt64
    private let beginsAt: UInt64
    /// What it was made of: nothing is made anew of the same.
    private let source: [[UInt8]]

    private init(_ context: NIOSSLContext, _ leaf: NIOSSLCertificate, _ source: [[UInt8]]) {
        self.context = context
        self.source = source
        beginsAt = UInt64(clamping: leaf.notValidBefore)
        endsAt = UInt64(clamping: leaf.notValidAfter)
    }

    /// Reads what the references lead to. Blocks while it reads small files.
    /// - Parameters:
    ///   - old: what is shown now; it is given back when nothing has changed.
    ///   - now: seconds since 1970.
    static func read(
        _ identity: GatewayIdentity,
        _ secrets: SecretStore,
        keeping old: ServerIdentity?,
        at now: UInt64
    ) throws(IdentityError) -> ServerIdentity {
        let source = [try certificate(identity, secrets), try key(identity, secrets)]
        let current: ServerIdentity
        if let old, old.source == source { current = old } else { current = try make(identity, source) }
        guard now < current.endsAt else { throw .expired(at: current.endsAt) }
        guard current.beginsAt <= now else { throw .notYetValid(until: current.beginsAt) }
        return current
    }

    private static func certificate(
        _ identity: GatewayIdentity,
        _ secrets: SecretStore
    ) throws(IdentityError) -> [UInt8] {
        do throws(SecretError) {
            return try secrets.text(of: identity.certificate, isSecret: false)
        } catch {
            throw .certificateUnavailable(identity.certificate, error)
        }
    }

    private static func key(_ identity: GatewayIdentity, _ secrets: SecretStore) throws(IdentityError) -> [UInt8] {
        do throws(SecretError) {
            return try secrets.text(of: identity.key, isSecret: true)
        } catch {
            throw .keyUnavailable(identity.key, error)
        }
    }

    private static func make(
        _ identity: GatewayIdentity,
        _ source: [[UInt8]]
    ) throws(IdentityError) -> ServerIdentity {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(source[0]), let leaf = chain.first else {
            throw .noCertificate(identity.certificate)
        }
        guard let key = try? NIOSSLPrivateKey(bytes: source[1], format: .pem) else { throw .noKey(identity.key) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        guard let context = try? NIOSSLContext(configuration: configuration) else { throw .notAPair }
        return ServerIdentity(context, leaf, source)
    }
}
