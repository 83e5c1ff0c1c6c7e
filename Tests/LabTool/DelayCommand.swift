import Glibc
import LabText

/// `lab-tool delay`: holds every packet that is routed into its tun device for a fixed time and gives it back to the kernel there.
///
/// This kernel has no netem. One thread, one queue in order of arrival: packets keep their order.
struct DelayCommand {
    private let device: String
    private let milliseconds: Int

    /// linux/if_tun.h and linux/if.h.
    private static let tunSetInterface: UInt = 0x4004_54CA  // TUNSETIFF
    private static let tunWithoutHeader: Int16 = 0x0001 | 0x1000  // IFF_TUN | IFF_NO_PI
    private static let nameSize = 16  // IFNAMSIZ
    private static let requestSize = 40  // sizeof(struct ifreq)
    /// Packets held at once; more are dropped, as a real queue would.
    private static let longestQueue = 100_000
    private static let largestPacket = 65_536

    init(_ arguments: ArraySlice<String>) throws {
        let options = try CommandOptions(arguments, known: ["--device", "--ms"])
        device = try options.required("--device")
        milliseconds = try options.integer("--ms", in: 1...10_000, absent: 1)
        guard device.utf8.count < DelayCommand.nameSize else { throw CommandOptions.Misuse("\(device) is too long") }
    }

    func run() throws {
        StopRequest.listen()
        let tun = try open()
        emit(["event": "ready", "device": .string(device)])
        var queue: [(due: Moment, packet: [UInt8])] = []
        var head = 0
        while !StopRequest.isMade {
            wait(on: tun.number, for: head < queue.count ? queue[head].due : nil)
            while let packet = readPacket(tun.number), queue.count - head < DelayCommand.longestQueue {
                queue.append((Moment.now.after(.milliseconds(milliseconds)), packet))
            }
            while head < queue.count, queue[head].due <= .now {
                _ = queue[head].packet.withUnsafeBytes { write(tun.number, $0.baseAddress, $0.count) }
                head += 1
            }
            if head == queue.count { (queue, head) = ([], 0) }
        }
    }

    private func open() throws -> Descriptor {
        let opened = try Descriptor(Glibc.open("/dev/net/tun", O_RDWR | O_NONBLOCK), from: "open /dev/net/tun")
        var request = [UInt8](repeating: 0, count: DelayCommand.requestSize)
        request.replaceSubrange(0..<device.utf8.count, with: device.utf8)
        withUnsafeBytes(of: DelayCommand.tunWithoutHeader) {
            request.replaceSubrange(DelayCommand.nameSize..<DelayCommand.nameSize + 2, with: $0)
        }
        guard ioctl(opened.number, DelayCommand.tunSetInterface, &request) == 0 else {
            throw SystemFailure("TUNSETIFF")
        }
        return opened
    }

    private func wait(on descriptor: CInt, for due: Moment?) {
        let longest = Int(StopRequest.longestWait) * 1_000_000
        let nanoseconds = due.map { max(0, min($0.nanoseconds - Moment.now.nanoseconds, longest)) } ?? longest
        waitReadable([descriptor], nanoseconds: nanoseconds)
    }

    private func readPacket(_ descriptor: CInt) -> [UInt8]? {
        let packet = [UInt8](unsafeUninitializedCapacity: DelayCommand.largestPacket) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
        return packet.isEmpty ? nil : packet
    }
}
