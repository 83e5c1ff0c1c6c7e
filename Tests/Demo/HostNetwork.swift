import Lab

/// Is the host's own network as it was? What the kernel tells of this process's namespace, which is the host's.
struct HostNetwork: Equatable {
    private let state: [String]

    private static let files = ["/proc/net/fib_trie", "/proc/net/if_inet6", "/proc/sys/net/ipv4/ip_forward"]

    init() {
        // Counters change all the time; the names of the devices do not.
        let devices = TextFile.read("/proc/net/dev").split(separator: "\n").compactMap { line in
            line.split(separator: ":").first.map(String.init)
        }
        state = [devices.joined(separator: "\n")] + HostNetwork.files.map(TextFile.read)
    }
}
