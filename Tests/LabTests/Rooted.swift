import Lab
import Testing

/// The lab makes network namespaces; where it cannot, its tests are skipped and say why.
let canBuildLab = ConditionTrait.enabled(if: Programs.obstacle == nil, Comment(rawValue: Programs.obstacle ?? ""))

/// The router's default route by one provider, both families, as a test without martletd sets it.
func routeEverything(by isp: ISP, in site: Site) throws {
    try site.router.ipBatch([
        "route replace default via \(isp.uplink.gateway.v4)",
        "route replace default via \(Uplink.gatewayLinkLocal) dev \(isp.uplink.device)",
    ])
}
