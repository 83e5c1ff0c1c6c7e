/// Tells systemd how the service is (sd_notify(3)): one datagram on the socket named by `NOTIFY_SOCKET`.
import CShim
import Foundation

struct ServiceNotifier: Sendable {
    private let address: String?
    /// Half of what systemd waits for before it kills us; nil without a watchdog (sd_watchdog_enabled(3)).
    let watchdogInterval: Duration?

    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        address = environment["NOTIFY_SOCKET"]
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let limit = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 1 ? $0 : nil }
        watchdogInterval = isForUs ? limit.map { .microseconds($0 / 2) } : nil
    }

    func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }
    func status(_ status: String) { send("STATUS=\(status)") }
    func stopping() { send("STOPPING=1") }
    func watchdog() { send("WATCHDOG=1") }

    /// Has systemd keep a copy of a descriptor over our end, for whoever is started next (`FileDescriptorStoreMax=`).
    /// - Returns: 0, or the system's refusal; 0 without systemd, which is no failure.
    func keep(_ descriptor: Int32, named name: String) -> Int32 {
        guard let address, !address.isEmpty else { return 0 }
        let message = "FDSTORE=1\nFDNAME=\(name)"
        return UnixSocketAddress(address).withPointer { pointer, length in
            -martlet_send_descriptor(pointer, length, message, message.utf8.count, descriptor)
        }
    }

    /// Has systemd close what it kept under this name.
    func forget(_ name: String) { send("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    private func send(_ message: String) {
        guard let address, !address.isEmpty else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = UnixSocketAddress(address).withPointer { pointer, length in
            sendto(descriptor, message, message.utf8.count, Int32(MSG_NOSIGNAL), pointer, length)
        }
    }
}
