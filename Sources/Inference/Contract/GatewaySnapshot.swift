/// What does the gateway know? All it decides on, flat and by number, pushed by the daemon and replaced as a whole.
package import NetTypes
package import PolicyEngine

package struct GatewaySnapshot: Sendable, Codable {
    /// Grows with every change; stands in every decision record.
    package var generation: UInt64
    package var providers: [GatewayProvider]
    /// The model groups with admin state and health.
    package var models: GroupTable
    /// What each model member is, parallel to `models.members`.
    package var deployments: [Deployment]
    /// Members that were put out and may be tried again, by one request at a time; ascending.
    package var trials: [MemberID]
    /// Parallel to `models.groups`; empty: the standard for all.
    package var retryBudgets: [RetryBudget]
    /// The network groups with admin state and health; empty on a host without network plane.
    package var network: GroupTable
    /// The mark of each network member that a model connection may leave by.
    package var paths: [PathMark]
    package var keys: [GatewayKey]
    /// How candidates are picked, parallel to `models.groups`; what is not said is as usual.
    package var routing: [GroupRouting] = []
    /// In file order.
    package var policies: [GatewayPolicy]
    /// Parallel to the listening sockets that the gateway inherits.
    package var listeners: [GatewayListener]
    /// By which prices requests are counted; nil where nothing is said of prices.
    package var pricing: Pricing?
    /// Key of the `KeyedHash` for splits and affinity.
    package var hashKey0: UInt64
    package var hashKey1: UInt64
    /// Teams that have limits.
    package var teams: [GatewayTeam]?
    /// Parallel to `models.groups`; nil: none has limits.
    package var groupLimits: [LoadLimits]?

    package init(
        generation: UInt64,
        providers: [GatewayProvider],
        models: GroupTable,
        deployments: [Deployment],
        trials: [MemberID] = [],
        retryBudgets: [RetryBudget] = [],
        network: GroupTable,
        paths: [PathMark],
        keys: [GatewayKey],
        policies: [GatewayPolicy],
        listeners: [GatewayListener],
        pricing: Pricing? = nil,
        hashKey0: UInt64,
        hashKey1: UInt64,
        teams: [GatewayTeam]? = nil,
        groupLimits: [LoadLimits]? = nil
    ) {
        self.generation = generation
        self.providers = providers
        self.models = models
        self.deployments = deployments
        self.trials = trials
        self.retryBudgets = retryBudgets
        self.network = network
        self.paths = paths
        self.keys = keys
        self.policies = policies
        self.listeners = listeners
        self.pricing = pricing
        self.hashKey0 = hashKey0
        self.hashKey1 = hashKey1
        (self.teams, self.groupLimits) = (teams, groupLimits)
    }
}

/// One provider.
package struct GatewayProvider: Hashable, Sendable, Codable {
    package var name: String
    package var dialect: Dialect
    package var isTLS: Bool
    /// A name or a literal address (IPv6 without brackets).
    package var host: String
    package var port: UInt16
    /// What the URL's path begins with, without a slash at its end: `/v1`, or nothing.
    package var pathPrefix: String
    package var secret: GatewaySecret?
    /// The certificates that are believed instead of those that the system trusts.
    package var ca: GatewaySecret?
    /// The name of a network group or `group.member`; nil leaves the way to the host's routing.
    package var path: String?
    package var region: String?
    /// Whether clients may ask it for anything by `/providers/NAME/…`; nil: no.
    package var passThrough: Bool?
    /// Nil: it is not probed.
    package var probe: ProviderProbe?
    /// What each such request costs whose model has no price, in pico-dollars; nil: that is not known.
    package var passThroughPrice: UInt64?
    /// Whether it may keep responses; nil: no.
    package var keepsResponses: Bool?
    /// Nil: it does as its dialect says.
    package var quirks: ProviderQuirks?

    package init(
        name: String,
        dialect: Dialect,
        isTLS: Bool,
        host: String,
        port: UInt16,
        pathPrefix: String,
        secret: GatewaySecret? = nil,
        ca: GatewaySecret? = nil,
        path: String? = nil,
        region: String? = nil,
        passThrough: Bool? = nil,
        probe: ProviderProbe? = nil
    ) {
        self.name = name
        self.dialect = dialect
        self.isTLS = isTLS
        self.host = host
        self.port = port
        self.pathPrefix = pathPrefix
        self.secret = secret
        self.ca = ca
        self.path = path
        self.region = region
        self.passThrough = passThrough
        self.probe = probe
    }
}

/// What one model member is.
package struct Deployment: Hashable, Sendable, Codable {
    /// Index into `GatewaySnapshot.providers`.
    package var provider: Int
    /// The model's name at the provider.
    package var model: String
    package var timeouts: ExchangeTimeouts
    /// What is done with wishes that the provider's dialect has no field for.
    package var notCarried: NotCarried
    /// What it costs; nil: not known.
    package var price: Price?
    /// What is known of the model; nil: nothing.
    package var facts: ModelFacts?
    /// Nil: none.
    package var limits: LoadLimits?
    /// The longest that its provider's wish to be left alone is followed; nil: `ExchangeLimits.longestPause`.
    package var longestPause: Span?
    /// Requests that its provider's server may have before others are preferred; nil: any number.
    package var queueAtMost: UInt32?

    package init(
        provider: Int,
        model: String,
        timeouts: ExchangeTimeouts = ExchangeTimeouts(),
        notCarried: NotCarried = .refuse,
        price: Price? = nil,
        facts: ModelFacts? = nil,
        limits: LoadLimits? = nil,
        longestPause: Span? = nil,
        queueAtMost: UInt32? = nil
    ) {
        self.provider = provider
        self.model = model
        self.timeouts = timeouts
        self.notCarried = notCarried
        self.price = price
        self.facts = facts
        self.limits = limits
        self.longestPause = longestPause
        self.queueAtMost = queueAtMost
    }
}

/// The joint of the planes: what mark leads over which network member.
package struct PathMark: Hashable, Sendable, Codable {
    /// Index into the `network` table.
    package var member: MemberID
    package var mark: Mark

    package init(member: MemberID, mark: Mark) {
        self.member = member
        self.mark = mark
    }
}

/// One listening socket.
package struct GatewayListener: Hashable, Sendable, Codable {
    /// As configured, for logs: `127.0.0.1:8080`.
    package var address: String
    /// What it shows of itself; nil: plain HTTP.
    package var tls: GatewayIdentity?

    package init(address: String, tls: GatewayIdentity? = nil) {
        self.address = address
        self.tls = tls
    }
}
