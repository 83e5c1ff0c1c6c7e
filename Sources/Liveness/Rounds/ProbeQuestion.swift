/// What a probe asks of its targets, and what it takes for an answer.
import ConfigSyntax
package import NetTypes

/// The kind of a probe with all that its requests need, but for the targets.
package enum ProbeQuestion: Hashable, Sendable, Codable {
    /// ICMP or ICMPv6 echo.
    case echo
    /// A TCP connection, closed as soon as it stands.
    case connect
    /// A request over a TCP connection of its own, with TLS or without.
    case http(HTTPQuestion)
    /// A query over UDP.
    case dns(DNSQuestion)
    /// Who has this address: ARP, or neighbour discovery.
    case neighbour

    /// As it stands in the configuration and in `show probes`.
    package var name: String {
        switch self {
        case .echo: "icmp"
        case .connect: "tcp"
        case .http(let question): question.tls == nil ? "http" : "https"
        case .dns: "dns"
        case .neighbour: "neighbour"
        }
    }

    /// Whether somebody holds something for a request until it is answered or given up. (An echo's answer says itself what it
    /// answers.)
    package var isHeldOpen: Bool {
        switch self {
        case .echo: false
        case .connect, .http, .dns, .neighbour: true
        }
    }
}

/// One HTTP request and what its answer must be.
package struct HTTPQuestion: Hashable, Sendable, Codable {
    package enum Method: String, Hashable, Sendable, Codable, CaseIterable, ScalarValue {
        case get = "GET"
        case head = "HEAD"
        case options = "OPTIONS"
    }

    package let method: Method
    /// The value of the Host header.
    package let host: String
    /// Path and query, beginning with `/`.
    package let path: String
    /// Status codes that count as an answer.
    package let expect: [StatusRange]
    /// What must stand in the first 64 KiB of the body.
    package let body: String?
    /// nil: plain HTTP.
    package let tls: TLSQuestion?

    package init(
        method: Method,
        host: String,
        path: String,
        expect: [StatusRange],
        body: String?,
        tls: TLSQuestion?
    ) {
        (self.method, self.host, self.path) = (method, host, path)
        (self.expect, self.body, self.tls) = (expect, body, tls)
    }

    /// The bytes of the request. A connection serves one request: the next round shall prove anew that one can be opened.
    package var request: [UInt8] {
        let lines = [
            "\(method.rawValue) \(path) HTTP/1.1", "Host: \(host)", "User-Agent: martlet-probe", "Accept: */*",
            "Connection: close", "", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }
}

/// What the certificate of an HTTPS target must be.
package struct TLSQuestion: Hashable, Sendable, Codable {
    /// Whether an untrusted, expired or foreign certificate is a failure.
    package let verify: Bool
    /// PEM file of the authorities trusted; nil: those of the host.
    package let authority: String?
    /// A certificate that ends sooner than this makes the member `degraded`; nil: nobody asks.
    package let expiresWithin: Span?
    /// The name that is asked for and verified; nil where the target is an address.
    package let name: String?

    package init(verify: Bool, authority: String?, expiresWithin: Span?, name: String?) {
        (self.verify, self.authority, self.expiresWithin, self.name) = (verify, authority, expiresWithin, name)
    }
}

/// One query and what its answer must be.
package struct DNSQuestion: Hashable, Sendable, Codable {
    /// Types that can be asked for (RFC 1035 §3.2.2, RFC 3596 §2.1).
    package enum RecordType: String, Hashable, Sendable, Codable, CaseIterable, ScalarValue {
        case a = "A"
        case ns = "NS"
        case cname = "CNAME"
        case soa = "SOA"
        case ptr = "PTR"
        case mx = "MX"
        case txt = "TXT"
        case aaaa = "AAAA"

        /// Its number on the wire.
        package var code: UInt16 {
            switch self {
            case .a: 1
            case .ns: 2
            case .cname: 5
            case .soa: 6
            case .ptr: 12
            case .mx: 15
            case .txt: 16
            case .aaaa: 28
            }
        }
    }

    /// Without a dot at its end.
    package let name: String
    package let type: RecordType
    /// No address but these may stand in the answer; empty: any may.
    package let expect: [IPAddress]

    package init(name: String, type: RecordType, expect: [IPAddress]) {
        (self.name, self.type, self.expect) = (name, type, expect)
    }
}
