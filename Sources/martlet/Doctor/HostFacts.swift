/// What `doctor` looks at, apart from how it was gathered: every check is a pure function of these.
import ConfigModel
import ConfigSyntax
import Forwarding
import Kernel
import NetTypes

struct HostFacts {
    /// The configuration, if there is one that is right.
    var configuration: Configuration?
    /// What is the matter with the file, when there is none.
    var fileTrouble: String?
    /// Settings by their path below /proc/sys: `net/ipv4/ip_forward`. What could not be read is not in it.
    var sysctls: [String: Int] = [:]
    /// Texts of the configuration files of systemd-networkd in the order in which they count; nil when it does not run.
    var networkd: [String]?
    var networkManagerRuns = false
    /// The file that nftables.service loads, if that is enabled.
    var nftablesFile: String?
    var kernel = SeenKernel(links: [], routes: [], rules: [])
    var nexthops: [Nexthop] = []
    /// What the kernel took in a namespace made for it; nil when that needs more rights than we have.
    var features: Set<KernelFeature>?
    var files: [SeenFile] = []
    /// Whether something keeps the clock right; nil when the kernel does not say.
    var isClockSynchronised: Bool?
    /// Effective capabilities of the daemon; nil when none runs, or we may not look.
    var daemonCapabilities: UInt64?

    var network: NetworkConfiguration? { configuration?.network }
    var window: OwnershipWindow { network?.ownership ?? .standard }

    /// Devices of members, each once, in file order.
    var memberDevices: [String] {
        var seen: Set<String> = []
        return (network?.groups ?? []).flatMap(\.members).compactMap { $0.device?.value }.filter {
            seen.insert($0).inserted
        }
    }

    /// Groups that divide their load over several members.
    var sharing: [NetworkGroup] { (network?.groups ?? []).filter { $0.members.count > 1 } }
}

/// A file whose permissions matter.
struct SeenFile: Equatable {
    enum Kind: Equatable {
        case configuration
        case secret
    }

    let path: String
    let kind: Kind
    /// Permission bits; nil when it is not there.
    let mode: UInt32?
}

/// One thing that was found.
struct Finding: Encodable, Equatable {
    enum Severity: String, Encodable, Comparable {
        /// It will work against us.
        case fights
        /// Worth knowing.
        case note

        static func < (a: Self, b: Self) -> Bool { a == .fights && b == .note }
    }

    /// Stays the same from release to release, for scripts: `rp-filter`, `networkd-routes`.
    let code: String
    let severity: Severity
    let words: String
    /// What to do, to the letter; nil when there is nothing to do.
    let fix: String?

    init(_ code: String, _ severity: Severity, _ words: String, fix: String? = nil) {
        (self.code, self.severity, self.words, self.fix) = (code, severity, words, fix)
    }
}
