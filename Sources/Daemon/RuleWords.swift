/// How policy-routing rules are written for people: as `ip rule` takes them.
import Forwarding
import NetTypes

extension Rule {
    /// `ipv4 7003: fwmark 0x3000000/0xff000000 lookup 7003`.
    var words: String { "\(family.name) \(preference): \(selectors.words) \(actionWords)" }

    /// `lookup 7003`, `lookup 254 suppress_prefixlength 0`, `blackhole`.
    var actionWords: String {
        switch action {
        case .lookup(let table):
            "lookup \(table)" + (suppressedPrefixLength.map { " suppress_prefixlength \($0)" } ?? "")
                + (suppressedInterfaceGroup.map { " suppress_ifgroup \($0)" } ?? "")
        case .blackhole: "blackhole"
        case .unreachable: "unreachable"
        case .prohibit: "prohibit"
        }
    }
}

extension RuleSelectors {
    /// `from 10.0.0.0/8 iif eth0`; `from all` where everything is taken.
    var words: String {
        let parts = [
            source.map { "from \($0)" },
            destination.map { "to \($0)" },
            inputInterface.map { "iif \($0)" },
            outputInterface.map { "oif \($0)" },
            transport.map { "ipproto \($0)" },
            sourcePorts.map { "sport \($0.words)" },
            destinationPorts.map { "dport \($0.words)" },
            mask == 0 ? nil : "fwmark 0x\(String(mark, radix: 16))/0x\(String(mask, radix: 16))",
            users.map { "uidrange \($0.lowerBound)-\($0.upperBound)" },
            typeOfService == 0 ? nil : "tos 0x\(String(typeOfService, radix: 16))",
            codePoint.map { "dscp \($0)" },
        ].compactMap { $0 }
        return (isInverted ? "not " : "") + (parts.isEmpty ? "from all" : parts.joined(separator: " "))
    }
}

extension ClosedRange<UInt16> {
    /// `443`, or `1000-2000`.
    fileprivate var words: String { lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)" }
}
