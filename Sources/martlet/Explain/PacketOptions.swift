/// What may be said of the packet that an explanation is about.
import ArgumentParser
import Control
import Forwarding
import NetTypes

struct PacketOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The device it comes in by; left out for packets of this host.", valueName: "device"))
    var iif: String?

    @Option(help: ArgumentHelp("The packet's mark, decimal or 0x….", valueName: "mark"))
    var mark: MarkArgument?

    @Option(
        help: ArgumentHelp("The protocol: tcp, udp, icmp, …; tcp if a port is given.", valueName: "protocol"),
        completion: .list(["tcp", "udp", "icmp", "icmpv6", "sctp", "gre", "esp"])
    )
    var proto: String?

    @Option(help: ArgumentHelp("The port it comes from.", valueName: "port"))
    var sport: UInt16?

    @Option(help: ArgumentHelp("The port it is for.", valueName: "port"))
    var dport: UInt16?

    func validate() throws {
        guard let proto else { return }
        guard PacketFact.transportNumber(proto) != nil else {
            throw ValidationError("--proto '\(proto)' is no protocol that conditions know.")
        }
        guard sport == nil && dport == nil || proto == "tcp" || proto == "udp" else {
            throw ValidationError(
                "'\(proto)' has no ports that could be asked about: --sport and --dport go with tcp or udp."
            )
        }
    }

    func question(to destination: IPAddress, from source: IPAddress?) -> RouteQuestion {
        RouteQuestion(
            destination: destination,
            source: source,
            inputDevice: iif,
            mark: mark?.value,
            transport: proto ?? (sport ?? dport).map { _ in "tcp" },
            sourcePort: sport,
            destinationPort: dport
        )
    }
}
