/// What does a listener show of itself in TLS? Only the references travel; the gateway reads what stands behind them.
package struct GatewayIdentity: Hashable, Sendable, Codable {
    /// The certificate, and those that lead from it to an authority, as PEM.
    package var certificate: GatewaySecret
    /// Its private key, as PEM without a passphrase.
    package var key: GatewaySecret

    package init(certificate: GatewaySecret, key: GatewaySecret) {
        self.certificate = certificate
        self.key = key
    }
}
