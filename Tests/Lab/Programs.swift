import Glibc

/// Where are the programs that the lab starts?
package enum Programs {
    /// A program that is nowhere.
    package struct Missing: Error, CustomStringConvertible {
        package var name: String
        package var description: String {
            "\(name) is not installed in any of \(Programs.places.joined(separator: ":"))"
        }
    }

    /// `ip` and `nft` live in the administrator's directories, which the PATH of an ordinary login leaves out.
    private static let places = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"]

    /// The path of a program of the system.
    ///
    /// - Throws: ``Missing``.
    package static func installed(_ name: String) throws -> String {
        for place in places where isExecutable("\(place)/\(name)") { return "\(place)/\(name)" }
        throw Missing(name: name)
    }

    /// The path of a program that this package builds: it stands beside the running one, be that the demo or the test bundle.
    ///
    /// - Throws: ``Missing``.
    package static func built(_ name: String) throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw Missing(name: name) }
        let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let path = own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex) + "/" + name
        guard isExecutable(String(path)) else { throw Missing(name: String(path)) }
        return String(path)
    }

    /// Why the lab cannot work here, nil when it can.
    package static var obstacle: String? {
        guard geteuid() == 0 else { return "the lab makes network namespaces, which needs root" }
        do {
            for name in ["ip", "nft", "setpriv", "sh"] { _ = try installed(name) }
            _ = try built("lab-tool")
        } catch {
            return "\(error)"
        }
        return nil
    }

    private static func isExecutable(_ path: String) -> Bool {
        access(path, X_OK) == 0
    }
}
