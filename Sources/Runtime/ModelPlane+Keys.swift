/// Which keys does the gateway serve by? Those of the file, and those made at run time that the file does not name.
import ConfigSyntax
package import Inference

extension ModelPlane {
    mutating func use(_ stored: [StoredKey]) {
        guard stored != storedKeys else { return }
        storedKeys = stored
        needsSnapshot = true
    }

    /// Whether the file has a key of this name, which hides the stored one.
    package func declaresKey(_ name: String) -> Bool { configuration.keys.contains { $0.name.value == name } }

    var limitedTeams: [GatewayTeam]? {
        let teams = configuration.teams.map {
            GatewayTeam(name: $0.name.value, limits: LoadLimits($0.limits, budget: $0.budget))
        }
        let limited = teams.filter { !$0.limits.isEmpty }
        return limited.isEmpty ? nil : limited
    }

    var groupLimits: [LoadLimits]? {
        let limits = configuration.groups.map { LoadLimits($0.limits) }
        return limits.allSatisfy(\.isEmpty) ? nil : limits
    }

    /// As the gateway is told.
    package var servedKeys: [GatewayKey] {
        configuration.keys.map(GatewayKey.init)
            + storedKeys.filter { !declaresKey($0.name) }.flatMap(GatewayKey.all)
    }
}

extension GatewayKey {
    init(_ key: ClientKey) {
        self.init(
            name: key.name.value,
            sha256: key.hash.hexadecimal,
            team: key.team?.value,
            tags: key.tags,
            models: key.models?.map(\.value),
            expires: key.expires?.unixSeconds,
            limits: LoadLimits(key.limits, budget: key.budget)
        )
    }

    /// The key with its secret, and with those of before that are still good.
    static func all(of key: StoredKey) -> [GatewayKey] {
        let current = GatewayKey(
            name: key.name,
            sha256: key.sha256,
            team: key.team,
            tags: key.tags,
            models: key.models,
            expires: key.expires,
            limits: key.limits ?? .none
        )
        let former = key.former.map { former in
            var old = current
            old.sha256 = former.sha256
            old.expires = min(former.until, key.expires ?? .max)
            return old
        }
        return [current] + former
    }
}
