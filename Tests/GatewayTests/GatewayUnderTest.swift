/// A whole gateway in this process: its daemon is the test, at the other end of the socket pair.
import ConfigSyntax
import Foundation
import Glibc
import Inference
import NIOCore
import NIOSSL
import NetTypes
import PolicyEngine
import Synchronization
import Testing

@testable import Gateway

/// Tests with sockets run one after the other: one of them counts what this process has open.
@Suite(.serialized) enum OverSockets {}

final class GatewayUnderTest: Sendable {
    static let key = "sk-test"
    /// sha256("sk-test").
    private static let keyHash = SHA256.digest(Array(key.utf8)).map { String(format: "%02x", $0) }.joined()

    let port: UInt16
    private let service: GatewayService
    private let daemonEnd: TestSocket
    private let reports = Mutex<[GatewayReport]>([])

    /// The snapshot that was told last.
    private let told: Mutex<GatewaySnapshot>

    /// Serves `chat` from mocks in this order: the first takes everything as long as it can.
    ///
    /// - Parameters:
    ///   - sending: what the kernel keeps for a client that does not read (`TestSocket.listening`).
    ///   - change: what this test wants otherwise.
    init(
        ports: [UInt16],
        timeouts: ExchangeTimeouts = Fixed.timeouts,
        mark: Mark? = nil,
        loops: Int = 2,
        tls: TLSConfiguration = .makeClientConfiguration(),
        clients: Int? = nil,
        roomBytes: Int? = nil,
        sending: Int32? = nil,
        _ change: (inout GatewaySnapshot) throws -> Void = { _ in }
    ) throws {
        var pair: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw SocketError(what: "socketpair")
        }
        daemonEnd = TestSocket(pair[0], timeout: 3600)
        service = GatewayService(loops: loops, tls: tls, clients: clients, roomBytes: roomBytes)
        var snapshot = Self.snapshot(ports, timeouts, mark)
        try change(&snapshot)
        told = Mutex(snapshot)
        let (listening, port) = try TestSocket.listening(sending: sending)
        self.port = port
        try service.start(linkDescriptor: pair[1], listeners: [dup(listening.descriptor)])
        let daemonEnd = daemonEnd
        onThread { [weak self] in
            var frames = LinkFrames(limit: 1 << 24)
            while true {
                let bytes = daemonEnd.read()
                guard !bytes.isEmpty, let self else { return }
                var buffer = ByteBuffer(bytes: bytes)
                frames.append(&buffer)
                while let frame = try? frames.next() {
                    let bytes = Array(frame.readableBytesView)
                    let report =
                        DecisionBatch.records(in: bytes[...]).map(GatewayReport.decisions)
                        ?? (try? JSONDecoder().decode(GatewayReport.self, from: Data(bytes)))
                    if let report { self.reports.withLock { $0.append(report) } }
                }
            }
        }
        send(.snapshot(snapshot))
        guard eventually({ self.all.contains(.ready(generation: 1)) }) else { throw SocketError(what: "not ready") }
    }

    /// Another snapshot that differs from the last in what `change` does; returns when it is served.
    func reload(_ change: (inout GatewaySnapshot) -> Void) throws {
        let snapshot = told.withLock { snapshot in
            change(&snapshot)
            snapshot.generation += 1
            return snapshot
        }
        send(.snapshot(snapshot))
        let ready = GatewayReport.ready(generation: snapshot.generation)
        guard eventually({ self.all.contains(ready) }) else { throw SocketError(what: "not ready") }
    }

    /// The last snapshot, changed, and not sent.
    func snapshot(_ change: (inout GatewaySnapshot) -> Void) -> GatewaySnapshot {
        var snapshot = told.withLock { $0 }
        change(&snapshot)
        return snapshot
    }

    /// What the gateway says is wrong now, once `isRight` holds of it.
    func standing(_ isRight: ([GatewayAlarm]) -> Bool) -> [GatewayAlarm]? {
        func last() -> [GatewayAlarm]? {
            all.reversed().lazy.compactMap { if case .standing(let alarms) = $0 { alarms } else { nil } }.first
        }
        return eventually { last().map(isRight) ?? false } ? last() : nil
    }

    var all: [GatewayReport] { reports.withLock { $0 } }

    /// What the first alarm of this code is about.
    func alarmed(_ code: GatewayAlarm.Code) -> String? {
        all.lazy.compactMap { if case .alarm(let alarm) = $0, alarm.code == code { alarm.object } else { nil } }.first
    }

    var records: [DecisionRecord] {
        all.flatMap { if case .decisions(let records) = $0 { records } else { [] as [DecisionRecord] } }
    }

    /// The record with this number, once it has come.
    func record(_ number: Int = 0) -> DecisionRecord? {
        eventually { records.count > number } ? records[number] : nil
    }

    func send(_ command: GatewayCommand) {
        guard let bytes = try? JSONEncoder().encode(command) else { return }
        var buffer = ByteBuffer()
        LinkFrames.write(bytes, to: &buffer)
        daemonEnd.write(Array(buffer.readableBytesView))
    }

    /// As when the daemon dies.
    func closeLink() { shutdown(daemonEnd.descriptor, Int32(SHUT_RDWR)) }

    func waitForEnd() throws { try service.waitForEnd() }

    /// Ends everything cleanly.
    func stop() throws {
        send(.drain)
        try waitForEnd()
    }

    private static func snapshot(_ ports: [UInt16], _ timeouts: ExchangeTimeouts, _ mark: Mark?) -> GatewaySnapshot {
        let now = Instant(nanoseconds: 1)
        let names = ports.indices.map { "m\($0)" }
        return GatewaySnapshot(
            generation: 1,
            providers: ports.map { port in
                GatewayProvider(
                    name: "p\(port)",
                    dialect: .openai,
                    isTLS: false,
                    host: "127.0.0.1",
                    port: port,
                    pathPrefix: "/v1",
                    path: mark == nil ? nil : "wan",
                    passThrough: true
                )
            },
            models: GroupTable([Fixed.group("chat", names, [.any])], at: now),
            deployments: ports.indices.map { Deployment(provider: $0, model: "model-\($0)", timeouts: timeouts) },
            network: GroupTable(mark == nil ? [] : [Fixed.group("wan", ["fiber"], [.v4, .v6])], at: now),
            paths: mark.map { [PathMark(member: MemberID(0), mark: $0)] } ?? [],
            keys: [GatewayKey(name: "ci", sha256: keyHash, team: "platform")],
            policies: [],
            listeners: [GatewayListener(address: "127.0.0.1:0")],
            hashKey0: 1,
            hashKey1: 2
        )
    }
}

enum Fixed {
    /// Short, so that hanging providers cost the tests little.
    static let timeouts = ExchangeTimeouts(
        connect: .milliseconds(400),
        head: .milliseconds(400),
        firstToken: .milliseconds(600),
        betweenTokens: .seconds(5),
        answer: .milliseconds(500),
        total: .seconds(30)
    )

    static func group(
        _ name: String,
        _ members: [String],
        _ scopes: [HealthScope],
        _ strategy: Strategy = .static
    ) -> GroupDefinition {
        let place = Place(file: 0, line: 1, column: 1)
        return GroupDefinition(
            name: Located(name, at: place),
            strategy: strategy,
            members: members.map {
                MemberDefinition(
                    name: Located($0, at: place),
                    weight: 1,
                    tier: 1,
                    hysteresis: Hysteresis(downAfter: 3, upAfter: 1),
                    scopes: scopes
                )
            },
            keepsLast: false
        )
    }
}
