/// What is passed on to a provider as it is? A request to `/providers/NAME/…` for something that martlet has no word for: files,
/// batches, images, whatever comes next (docs/decisions/0025).
package import NetTypes
package import PolicyEngine

package struct PassageRequest: Sendable {
    /// The methods that are passed on.
    package enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"

        /// Whether asking twice is the same as asking once (RFC 9110 §9.2.2).
        package var isIdempotent: Bool {
            switch self {
            case .get, .put, .delete: true
            case .post, .patch: false
            }
        }
    }

    /// Index into `GatewaySnapshot.providers`.
    package var provider: Int
    package var method: Method
    /// What stands behind the provider's name, with its slash and its query: `/files?limit=2`.
    package var path: String
    /// What the client said besides what ends at this gateway.
    package var headers: [Header]
    package var body: [UInt8]
    /// What the client is answered in where the words are ours.
    package var dialect: ClientDialect
    /// Who asks; the key was found good.
    package var key: String
    package var team: String?
    package var tags: [String]
    /// What the key may use, and who pays for it; nil: everything, and nobody.
    package var access: ServedKey?
    /// The local date, 20261126; nil when no budget pays for it.
    package var localDay: Int?
    /// The client's address.
    package var source: IPAddress?
    /// Microseconds since 1970.
    package var unixMicroseconds: UInt64
    /// Uniform over all values.
    package var draw: UInt64
    /// Those of `RoutingView.askedHeaders` that the client sent.
    package var askedHeaders: [FactValue.Field] = []
    /// Local time of day in seconds since midnight, if `RoutingView.asksForTime`.
    package var secondOfDay: Int64?
    /// How names in the answer are told that lead back to the provider, where a kept response is asked for; nil: the answer passes as it is.
    package var retelling: Responses.Retelling?

    /// Whether it asks for work that is paid for. What was made before was paid for then.
    /// Tokens are counted for nothing.
    var isWork: Bool { method == .post && retelling == nil && namedInAddress?.verb != "countTokens" }

    package init(
        provider: Int,
        method: Method,
        path: String,
        headers: [Header],
        body: [UInt8],
        dialect: ClientDialect,
        key: String,
        team: String?,
        tags: [String] = [],
        source: IPAddress?,
        unixMicroseconds: UInt64,
        draw: UInt64
    ) {
        (self.provider, self.method, self.path, self.headers, self.body) = (provider, method, path, headers, body)
        (self.dialect, self.key, self.team, self.tags, self.source) = (dialect, key, team, tags, source)
        (self.unixMicroseconds, self.draw) = (unixMicroseconds, draw)
    }

    /// Whether a path stays below the provider's own address: no `.` and no `..` among its segments, however they are written.
    package static func staysBelow(_ path: some StringProtocol) -> Bool {
        let beforeQuery = path.prefix { $0 != "?" && $0 != "#" }
        return !path.contains("#") && !path.contains("\\")
            && !beforeQuery.split(separator: "/").contains { isDots($0.lowercased()) }
    }

    private static func isDots(_ segment: String) -> Bool {
        // An encoded slash would be another segment's edge to some servers.
        if segment.contains("%2f") || segment.contains("%5c") { return true }
        // Behind a semicolon stand parameters, which some servers take away first (RFC 3986 §3.3).
        let plain = segment.replacing("%2e", with: ".").replacing("%3b", with: ";").prefix { $0 != ";" }
        return plain == "." || plain == ".."
    }

    /// Fields that speak of a connection and not of what is sent over it (RFC 9110 §7.6.1), or that are the gateway's to say.
    static let ownFields: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "content-length",
    ]

    /// Of a client's fields those that go on. Its credential ends here; `accept-encoding` too, so that usage can be read.
    package static func carried(_ fields: [(name: String, value: String)]) -> [Header] {
        let others: Set = [
            "host", "authorization", "x-api-key", "x-goog-api-key", "accept-encoding", "expect", "cookie",
        ]
        return headers(fields, without: others)
    }

    /// The same of a question about what a provider has kept: whom it is for and who pays is the operator's to say.
    package static func carriedOfQuestion(_ fields: [(name: String, value: String)]) -> [Header] {
        carried(fields).filter { ["accept", "content-type", "user-agent"].contains($0.name) }
    }

    /// Of a provider's fields those that go on. Cookies are between it and us; `date` is ours.
    package static func returned(_ fields: [(name: String, value: String)]) -> [Header] {
        headers(fields, without: ["set-cookie", "date"])
    }

    private static func headers(_ fields: [(name: String, value: String)], without others: Set<String>) -> [Header] {
        // `Connection` names further fields of the connection.
        let named = fields.filter { $0.name.lowercased() == "connection" }
            .flatMap { $0.value.split { $0 == "," || $0 == " " || $0 == "\t" }.map { $0.lowercased() } }
        return fields.compactMap { field in
            let name = field.name.lowercased()
            guard !ownFields.contains(name), !others.contains(name), !named.contains(name) else { return nil }
            return Header(name, field.value)
        }
    }
}
