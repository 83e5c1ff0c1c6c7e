/// How targets and URLs of probes are written.
package import ConfigSyntax
package import NetTypes
import PolicyEngine

/// An address, or `{member}`: the member's own.
package enum ProbeHost: Hashable, Sendable {
    case address(IPAddress)
    case member

    package static let placeholder = "{member}"
}

extension ProbeHost: CustomStringConvertible {
    package var description: String {
        switch self {
        case .address(let address): address.description
        case .member: Self.placeholder
        }
    }
}

extension ProbeHost: ScalarValue {
    package static var expectation: String { "an IP address or {member}" }

    package static func parse(_ text: String) throws(ScalarError) -> ProbeHost {
        if text == placeholder { return .member }
        return .address(try IPAddress.parse(text))
    }
}

/// An address with its port; `{member}` may go without, where the member is a backend.
package struct ProbeEndpoint: Hashable, Sendable {
    package let host: ProbeHost
    /// nil: the member's own.
    package let port: UInt16?
}

extension ProbeEndpoint: ScalarValue {
    package static var expectation: String { "an address with a port such as 192.0.2.1:443, or {member}:443" }

    package static func parse(_ text: String) throws(ScalarError) -> ProbeEndpoint {
        guard text.hasPrefix(ProbeHost.placeholder) else {
            let endpoint = try IPEndpoint.parse(text)
            return ProbeEndpoint(host: .address(endpoint.address), port: endpoint.port)
        }
        let rest = text.dropFirst(ProbeHost.placeholder.count)
        if rest.isEmpty { return ProbeEndpoint(host: .member, port: nil) }
        guard rest.first == ":", let port = PortText.port(rest.dropFirst()) else { throw .notThis }
        return ProbeEndpoint(host: .member, port: port)
    }
}

/// A resolver's address, with a port other than 53 if need be.
package struct DNSServer: Hashable, Sendable {
    package let target: ProbeTarget

    static let standardPort: UInt16 = 53
}

extension DNSServer: ScalarValue {
    package static var expectation: String { "an IP address, with a port where that is not 53" }

    package static func parse(_ text: String) throws(ScalarError) -> DNSServer {
        if let endpoint = IPEndpoint(text) { return DNSServer(target: ProbeTarget(endpoint)) }
        return DNSServer(target: ProbeTarget(try IPAddress.parse(text), port: standardPort))
    }
}

/// The URL of an HTTP probe, taken apart.
package struct ProbeURL: Hashable, Sendable {
    package enum Host: Hashable, Sendable {
        case member
        case address(IPAddress)
        /// A name is never looked up: the probe says which addresses it stands for.
        case name(String)
    }

    package let isTLS: Bool
    package let host: Host
    package let port: UInt16?
    /// Path and query, beginning with `/`.
    package let path: String

    package var standardPort: UInt16 { isTLS ? 443 : 80 }
}

extension ProbeURL: ScalarValue {
    package static var expectation: String { "a URL such as http://{member}/health" }

    package static func parse(_ text: String) throws(ScalarError) -> ProbeURL {
        let isTLS = text.hasPrefix("https://")
        guard isTLS || text.hasPrefix("http://") else {
            throw .because("the URL must start with http:// or https://", hint: nil)
        }
        let rest = text.dropFirst(isTLS ? 8 : 7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest.dropFirst(authority.count)
        guard !authority.contains("@") else { throw .because("a probe has no user", hint: nil) }
        guard !path.contains("#") else { throw .because("what follows '#' is never sent", hint: nil) }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !path.contains("{") else {
            throw .because("the path holds what may not stand in it", hint: "write it percent-encoded")
        }
        let (host, port) = try split(authority)
        return ProbeURL(isTLS: isTLS, host: host, port: port, path: path.first == "/" ? String(path) : "/\(path)")
    }

    private static func split(_ authority: Substring) throws(ScalarError) -> (Host, UInt16?) {
        let end: Substring.Index
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else {
                throw .because("the URL lacks its ']'", hint: nil)
            }
            end = authority.index(after: bracket)
        } else {
            end = authority.firstIndex(of: ":") ?? authority.endIndex
        }
        let rest = authority[end...]
        guard !rest.isEmpty else { return (try host(authority[..<end]), nil) }
        guard rest.first == ":", let port = PortText.port(rest.dropFirst()) else {
            throw .because("the ':' must be followed by a port", hint: nil)
        }
        return (try host(authority[..<end]), port)
    }

    private static func host(_ text: Substring) throws(ScalarError) -> Host {
        if text == ProbeHost.placeholder { return .member }
        if text.contains("{") {
            throw .because(
                "the URL has an unknown placeholder",
                hint: "{member} stands for the member's address and port"
            )
        }
        if text.hasPrefix("[") {
            guard let address = IPAddress(String(text.dropFirst().dropLast())), address.family == .v6 else {
                throw .because("the brackets hold no IPv6 address", hint: nil)
            }
            return .address(address)
        }
        if let address = IPAddress(String(text)) { return .address(address) }
        guard DNSName.isName(String(text)) else { throw .because("'\(text)' is no host", hint: nil) }
        return .name(String(text))
    }
}

/// What may be asked of a resolver: labels of letters, digits, `-` and `_`, as they stand on the wire (RFC 1035 §2.3.4).
enum DNSName {
    static let longestLabel = 63
    static let longestName = 253

    static func isName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= longestName && labels.allSatisfy { isLabel($0.utf8) }
            // A name of numbers alone is a mistyped address.
            && !labels.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }

    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        (1...longestLabel).contains(label.count)
            && label.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                default: false
                }
            }
    }
}

private enum PortText {
    static func port(_ digits: Substring) -> UInt16? {
        guard digits.utf8.first != 0x30, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt16(digits)
    }
}
