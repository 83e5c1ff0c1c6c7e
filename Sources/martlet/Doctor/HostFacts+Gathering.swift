/// How the facts are gathered: files, /proc and the kernel, all of it only read.
import ConfigModel
import ConfigSyntax
import Control
import Forwarding
import Glibc
import Inference
import Kernel
import NetTypes

extension HostFacts {
    /// - Parameter path: the configuration that the host is looked at for.
    static func gather(configuration path: String) throws(CommandError) -> HostFacts {
        var facts = HostFacts()
        let local = LocalConfiguration(path: path)
        facts.configuration = local.checked.configuration
        if facts.configuration == nil {
            facts.fileTrouble = "\(path) is not there or not right, so that only its absence counts"
        }
        facts.kernel = try SeenKernel.read()
        facts.nexthops = try Self.nexthops()
        facts.readSysctls()
        facts.networkd = networkd()
        facts.networkManagerRuns =
            SmallFile.isThere("/run/NetworkManager/NetworkManager.pid")
            || SmallFile.isThere("/run/NetworkManager/resolv.conf")
        facts.nftablesFile = nftables()
        facts.features = FeatureProbe.run()
        facts.files = files(local.checked)
        facts.isClockSynchronised = HostClock.isSynchronised
        facts.daemonCapabilities = daemonCapabilities()
        return facts
    }

    private static func nexthops() throws(CommandError) -> [Nexthop] {
        do throws(NetlinkFailure) {
            return try KernelSnapshot.read(table: nil).reports.compactMap {
                if case .nexthop(let nexthop) = $0 { nexthop } else { nil }
            }
        } catch { throw .failed("the kernel cannot be read: \(error)") }
    }

    private mutating func readSysctls() {
        var paths = [
            "net/ipv4/conf/all/rp_filter", "net/ipv4/fib_multipath_hash_policy", "net/ipv6/fib_multipath_hash_policy",
            "net/ipv4/nexthop_compat_mode", "net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding",
        ]
        for device in memberDevices {
            paths += [
                "net/ipv4/conf/\(device)/rp_filter", "net/ipv6/conf/\(device)/accept_ra",
                "net/ipv6/conf/\(device)/forwarding",
            ]
        }
        for path in paths {
            let text = SmallFile.text("/proc/sys/\(path)")
            if let value = text.flatMap({ Int($0.prefix { !$0.isWhitespace }) }) { sysctls[path] = value }
        }
    }

    /// Drop-ins count after the main file, whatever directory they are in, by their names (systemd-networkd.conf(5)).
    private static func networkd() -> [String]? {
        guard SmallFile.isThere("/run/systemd/netif/state") else { return nil }
        let folders = ["/usr/lib/systemd", "/usr/local/lib/systemd", "/run/systemd", "/etc/systemd"]
        let main = folders.reversed().lazy.compactMap { SmallFile.text("\($0)/networkd.conf") }.first
        var drops: [String: String] = [:]
        for folder in folders {
            for name in SmallFile.names(in: "\(folder)/networkd.conf.d") where name.hasSuffix(".conf") {
                drops[name] = SmallFile.text("\(folder)/networkd.conf.d/\(name)")
            }
        }
        return (main.map { [$0] } ?? []) + drops.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func nftables() -> String? {
        let wanted = ["sysinit.target.wants", "multi-user.target.wants"].map {
            "/etc/systemd/system/\($0)/nftables.service"
        }
        return wanted.contains(where: SmallFile.isThere) ? SmallFile.text("/etc/nftables.conf") : nil
    }

    private static func files(_ checked: CheckedConfiguration) -> [SeenFile] {
        let texts = checked.sources.files.map {
            SeenFile(path: $0.name, kind: .configuration, mode: SmallFile.mode($0.name))
        }
        let secrets = (checked.configuration?.models?.providers ?? []).compactMap { provider -> SeenFile? in
            guard case .file(let path)? = provider.key else { return nil }
            return SeenFile(path: path.value, kind: .secret, mode: SmallFile.mode(path.value))
        }
        return texts.filter { $0.mode != nil } + secrets
    }

    /// By the name of the process: its socket would tell who listens, but not to everybody.
    private static func daemonCapabilities() -> UInt64? {
        for name in SmallFile.names(in: "/proc") where name.allSatisfy(\.isNumber) {
            guard SmallFile.text("/proc/\(name)/comm") == "martletd\n",
                let status = SmallFile.text("/proc/\(name)/status"),
                let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
                // The gateway is another process of the name, and keeps fewer.
                SmallFile.text("/proc/\(name)/cmdline")?.contains("\0gateway\0") == false
            else { continue }
            return UInt64(line.dropFirst("CapEff:".count).drop { $0.isWhitespace }, radix: 16)
        }
        return nil
    }
}

/// Files of a few KiB, as far as they can be read.
enum SmallFile {
    private static let most = 1 << 20

    static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while bytes.count < most, case let count = read(descriptor, &buffer, buffer.count), count > 0 {
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func mode(_ path: String) -> UInt32? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
            )
        }
        return names.sorted()
    }
}
