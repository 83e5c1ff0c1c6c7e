/// How a provider's URL is taken apart (RFC 3986, of which a base URL needs little).
package import ConfigSyntax
import NetTypes
import PolicyEngine

extension ProviderURL: ScalarValue {
    package static var expectation: String { "a URL such as https://api.example.com/v1" }

    /// What stands in a path for the name of the model that is asked.
    package static let modelPlace = "{model}"

    /// Longer ones are mistakes.
    static let longest = 1024

    package static func parse(_ text: String) throws(ScalarError) -> ProviderURL {
        guard !text.contains("@") else {
            throw .confidential("a URL holds no user or password", hint: "name the provider's secret with key:")
        }
        guard text.utf8.count <= longest, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .notThis }
        guard let separator = text.firstRange(of: "://") else {
            throw .because("'\(text)' lacks its scheme", hint: "write https://\(text)")
        }
        let scheme = try Scheme.parse(String(text[..<separator.lowerBound]))
        let rest = text[separator.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let (host, port) = try authority(rest[..<end])
        return ProviderURL(
            scheme: scheme,
            host: host,
            port: port ?? scheme.standardPort,
            pathPrefix: try path(rest[end...])
        )
    }

    private static func authority(_ text: Substring) throws(ScalarError) -> (Host, UInt16?) {
        guard !text.isEmpty else { throw .because("the URL names no host", hint: nil) }
        if text.first == "[" { return try bracketed(text) }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (try host(parts[0]), parts.count == 2 ? try port(parts[1]) : nil)
    }

    private static func bracketed(_ text: Substring) throws(ScalarError) -> (Host, UInt16?) {
        guard let end = text.firstIndex(of: "]"), let address = IPAddress(String(text[..<end].dropFirst())),
            address.family == .v6
        else { throw .because("'\(text)' is no IPv6 address in brackets", hint: nil) }
        let rest = text[text.index(after: end)...]
        if rest.isEmpty { return (.address(address), nil) }
        guard rest.first == ":" else { throw .notThis }
        return (.address(address), try port(rest.dropFirst()))
    }

    private static func host(_ text: Substring) throws(ScalarError) -> Host {
        if let address = IPAddress(String(text)) { return .address(address) }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName = text.utf8.count <= 253 && labels.allSatisfy { BlockReader.isName(String($0)) }
        // A last label of digits alone is a mistyped IPv4 address, never a name (RFC 3696 §2).
        let isNumeric = labels.last?.utf8.allSatisfy { (0x30...0x39).contains($0) } ?? true
        guard isName, !isNumeric else { throw .because("'\(text)' is neither a host name nor an address", hint: nil) }
        return .name(text.lowercased())
    }

    private static func port(_ text: Substring) throws(ScalarError) -> UInt16 {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(text), port > 0
        else { throw .because("'\(text)' is no port", hint: nil) }
        return port
    }

    private static func path(_ text: Substring) throws(ScalarError) -> String {
        guard !text.contains("?"), !text.contains("#") else {
            throw .because("a base URL has no '?' and no '#'", hint: "cut it off there")
        }
        let segments = text.split(separator: "/")
        guard !segments.contains("."), !segments.contains("..") else {
            throw .because("the path has '.' or '..' in it", hint: nil)
        }
        let braced = segments.filter { $0.contains("{") || $0.contains("}") }
        guard braced.isEmpty || braced == [modelPlace[...]] else {
            throw .because("of braces the path has '\(modelPlace)' alone", hint: "write .../deployments/\(modelPlace)")
        }
        return segments.map { "/" + $0 }.joined()
    }
}

extension ProviderURL.Scheme: ScalarValue {}
