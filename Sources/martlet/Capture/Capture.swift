/// `martlet capture`: the packets that pass over a member, or that a policy takes.
import ArgumentParser
import Control
import Glibc
import Kernel
import NetTypes

struct Capture: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The packets of a member's device, or those that a policy marks, as lines or as a pcap file.",
        discussion: """
            Of a member: all packets of its device; with --marked those alone that were sent over it on purpose. Of a policy: the
            packets that leave with the mark that the policy gives, by whatever device. Policies that lead to the same target
            give the same mark, and a translated flow has its member's mark from its second packet on.

            The daemon says which device and mark it is; the packets are taken by this command with your own rights
            (CAP_NET_RAW), so that the daemon hands nobody's packets to those who may only look. Runs until interrupted.

            EXAMPLES
              sudo martlet capture wan.cable
              sudo martlet capture wan.cable --marked --count 100
              sudo martlet capture backup
              sudo martlet capture wan.cable -w - | tcpdump -nr -
            """
    )

    @Argument(
        help: "GROUP.MEMBER of the network plane, or the name of a policy.",
        completion: .custom { words, _, _ in Completion(words).members() + Completion(words).policies() }
    )
    var target: String

    @Option(
        name: [.customShort("w"), .customLong("write")],
        help: ArgumentHelp("Write a pcap file; - is standard output.", valueName: "file"),
        completion: .file()
    )
    var file: String?

    @Flag(help: "Only packets that carry the member's mark: what was sent over it on purpose.")
    var marked = false

    @Option(help: ArgumentHelp("End after so many packets.", valueName: "packets"))
    var count: Int?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard count ?? 1 > 0 else { throw ValidationError("--count takes a number above 0.") }
        guard !target.isEmpty else { throw ValidationError("name a member (GROUP.MEMBER) or a policy.") }
    }

    func run() throws {
        let client = global.client
        let members = try client.members()
        // A policy's name has no dot.
        let sought =
            target.contains(".")
            ? try CaptureFilter(member: target, marked: marked, among: members)
            : try CaptureFilter(
                policy: target,
                among: try client.policies(),
                mask: members.lazy.compactMap(\.markMask).first
            )
        do throws(NetlinkFailure) {
            try write(try PacketCapture(device: sought.device, mark: sought.mark), of: sought.words)
        } catch .system(_, EPERM) {
            throw CommandError.failed("capturing needs CAP_NET_RAW", hint: "run it as root")
        } catch {
            throw CommandError.failed("cannot capture \(sought.words): \(error)")
        }
    }

    private func write(_ capture: PacketCapture, of words: String) throws(NetlinkFailure) {
        let descriptor = try file.map { path throws(NetlinkFailure) in try Self.open(path) }
        defer { if let descriptor, descriptor != STDOUT_FILENO { close(descriptor) } }
        if let descriptor { try Self.put(CaptureFile.header, into: descriptor) }
        var names = DeviceNames()
        var taken = 0
        while taken < count ?? .max, let packet = try capture.next() {
            taken += 1
            if let descriptor {
                try Self.put(CaptureFile.record(packet), into: descriptor)
            } else {
                let line = PacketLine(packet, device: names[packet.interface])
                guard let text = try? Output.renderLine(line, as: global.format) else { continue }
                guard Console.write(text + "\n") else { throw .system(call: "write", errno: errno) }
            }
        }
        if descriptor != nil { Console.complain(["martlet: \(counted(taken, "packet")) of \(words)"]) }
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

/// Names of devices by their indices, each asked for once.
private struct DeviceNames {
    private var known: [UInt32: String] = [:]

    subscript(index: UInt32) -> String {
        mutating get {
            if let name = known[index] { return name }
            var buffer = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
            let name = if_indextoname(index, &buffer).map { String(cString: $0) } ?? "if\(index)"
            known[index] = name
            return name
        }
    }
}
