/// How much memory may this process have? The machine's, or what its cgroup allows (`MemoryMax=`, a container's limit).
import Glibc

enum HostMemory {
    /// Bytes; at least one page.
    static func bytes() -> Int {
        let page = max(1, sysconf(Int32(_SC_PAGESIZE)))
        let installed = max(1, sysconf(Int32(_SC_PHYS_PAGES))) * page
        return min(installed, allowed(root: "/sys/fs/cgroup", group: text("/proc/self/cgroup")) ?? installed)
    }

    /// The least that the process's cgroup, or one above it, allows (Documentation/admin-guide/cgroup-v2.rst, `memory.max`); nil: none of
    /// them says.
    /// - Parameter group: `/proc/self/cgroup`, whose line of cgroup v2 begins with `0::`.
    static func allowed(root: String, group: String?) -> Int? {
        let line = group?.split(separator: "\n").first { $0.hasPrefix("0::/") }
        var steps = line?.dropFirst(4).split(separator: "/") ?? []
        var least: Int?
        while true {
            let folder = ([Substring(root)] + steps).joined(separator: "/")
            if let limit = text(folder + "/memory.max").flatMap({ Int($0.prefix { $0 != "\n" }) }), limit > 0 {
                least = min(least ?? limit, limit)
            }
            guard steps.popLast() != nil else { return least }
        }
    }

    /// The first page of a small file of the kernel's.
    private static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return String(unsafeUninitializedCapacity: 4096) { max(0, read(descriptor, $0.baseAddress, $0.count)) }
    }
}
