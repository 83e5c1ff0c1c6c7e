/// `martlet capture`: the packets that pass over a member.
import ArgumentParser
import Control
import Glibc
import Kernel
import NetTypes

struct Capture: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The packets of a member's device, as lines or as a pcap file, until interrupted.",
        discussion: """
            The daemon says which device and mark are the member's; the packets are taken by this command with your own rights
            (CAP_NET_RAW), so that the daemon hands nobody's packets to those who may only look.

            EXAMPLES
              sudo martlet capture wan.cable
              sudo martlet capture wan.cable --marked --count 100
              sudo martlet capture wan.cable -w - | tcpdump -nr -
            """
    )

    @OptionGroup var member: MemberOptions

    @Option(
        name: [.customShort("w"), .customLong("write")],
        help: ArgumentHelp("Write a pcap file; - is standard output.", valueName: "file")
    )
    var file: String?

    @Flag(help: "Only packets that carry the member's mark: what was sent over it on purpose.")
    var marked = false

    @Option(help: ArgumentHelp("End after so many packets.", valueName: "packets"))
    var count: Int?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard count ?? 1 > 0 else { throw ValidationError("--count takes a number above 0.") }
    }

    func run() throws {
        let found = try Self.member(member.member, among: try global.client.members())
        let mark = marked ? found.mark.flatMap(MarkArgument.init(argument:)).map { Mark($0.value) } : nil
        guard !marked || mark != nil else { throw CommandError.failed("\(found.name) has no mark") }
        guard let device = found.device else { throw CommandError.failed("\(found.name) has no device now") }
        do throws(NetlinkFailure) {
            let mask = MarkMask(bits: found.markMask.flatMap(MarkArgument.init(argument:))?.value ?? .max)
            try write(try PacketCapture(device: device, mark: mark.map { ($0, mask) }), of: device)
        } catch .system(_, EPERM) {
            throw CommandError.failed("capturing needs CAP_NET_RAW", hint: "run it as root")
        } catch {
            throw CommandError.failed("cannot capture on \(device): \(error)")
        }
    }

    /// The first row of the network member with this name.
    static func member(_ name: String, among rows: [MemberRow]) throws(CommandError) -> MemberRow {
        let plain = name.hasPrefix("network:") ? String(name.dropFirst("network:".count)) : name
        guard let row = rows.first(where: { $0.plane == "network" && $0.name == plain }) else {
            throw .failed("there is no network member '\(plain)'", hint: "see: martlet show members")
        }
        return row
    }

    private func write(_ capture: PacketCapture, of device: String) throws(NetlinkFailure) {
        let descriptor = try file.map { path throws(NetlinkFailure) in try Self.open(path) }
        defer { if let descriptor, descriptor != STDOUT_FILENO { close(descriptor) } }
        if let descriptor { try Self.put(CaptureFile.header, into: descriptor) }
        var taken = 0
        while taken < count ?? .max, let packet = try capture.next() {
            taken += 1
            if let descriptor {
                try Self.put(CaptureFile.record(packet), into: descriptor)
            } else if let line = try? Output.renderLine(PacketLine(packet), as: global.format) {
                guard Console.write(line + "\n") else { throw .system(call: "write", errno: errno) }
            }
        }
        if descriptor != nil { Console.complain(["martlet: \(counted(taken, "packet")) of \(device)"]) }
    }

    private static func open(_ path: String) throws(NetlinkFailure) -> Int32 {
        if path == "-" { return STDOUT_FILENO }
        // Packets hold what people said: for the owner's eyes.
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(call: "open \(path)", errno: errno) }
        return descriptor
    }

    private static func put(_ bytes: [UInt8], into descriptor: Int32) throws(NetlinkFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system(call: "write", errno: errno) }
            rest = rest.dropFirst(count)
        }
    }
}
