/// What happens to a stream whose client leaves, or reads slowly?
import Foundation
import Glibc
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsStreamTests {
        @Test func aClientThatLeavesEndsTheProvidersWorkAtOnce() throws {
            let models = try ModelsSite(delay: .milliseconds(20))
            for (group, provider) in [("chat", models.openai), ("talk", models.anthropic)] {
                let stream = try models.beginStream(group, pieces: 500)
                let left = Moment.now
                stream.abandon()
                let visit = try eventually("the provider's connection closed", within: .seconds(5)) {
                    try provider.requests().first { $0["client_left_early"]?.bool == true }
                }
                let ended = Double(visit["at_ns"]?.integer ?? 0) / 1e6 + (visit["ms"]?.number ?? 0)
                let took = ended - Double(left.nanoseconds) / 1e6
                print("client gone, \(group): the provider saw it after \(rounded(took)) of a stream of 10 s")
                #expect(took < 1000)
                let record = try eventually("its record", within: .seconds(5), every: .milliseconds(20)) {
                    try models.show("decisions").elements?.first { $0["outcome"]?.string == "client-gone" }
                }
                #expect(Decision(id: "", json: record).failures == [nil], "it is not the provider's failure")
                #expect(try models.chat(group, isStreamed: false, "next").text == "echo: next")
                try provider.reset()
            }
            models.tearDown()
        }

        /// Large pieces of one answer, and how many: together far more than the sockets on the way may hold.
        private static let piece = 60_000
        private static let pieces = 30
        private static let clients = 3
        /// What the gateway may hold for readers that do not read: watermarks, one chunk each, the allocator's slack.
        private static let allowedGrowth = 2 << 20

        @Test func readersThatDoNotReadCostTheGatewayNoMemory() throws {
            // The mock takes its time for prompts of this size.
            let models = try ModelsSite { file, _ in
                file.groups = file.groups.map {
                    $0.replacing(
                        ModelsFile.timeouts,
                        with: "timeouts: { head: 20s, first-token: 20s, between-tokens: 2s }"
                    )
                }
            }
            // The kernel's own buffers must not be what holds the answer.
            let small = [("net.ipv4.tcp_rmem", "4096 32768 65536"), ("net.ipv4.tcp_wmem", "4096 32768 65536")]
            for namespace in [models.site.client, models.site.router, models.site.far] { try namespace.sysctl(small) }
            let gateway = try models.gateway()
            let readers = try (0..<Self.clients).map { try SlowReader($0, models) }
            try eventually("all read their first bytes", within: .seconds(20)) {
                readers.allSatisfy { $0.process.output.contains("begun") }
            }
            let before = try Self.resident(gateway)
            // Three times as long as the provider may be silent: its silence is not its fault here. On a busy machine the mock
            // itself was seen to pause for half a second.
            rest(.seconds(6))
            let after = try Self.resident(gateway)
            let waiting = Self.clients * Self.pieces * Self.piece
            print(
                "back-pressure: \(waiting >> 20) MiB wait for readers that do not read; the gateway's memory went from \(before >> 10) to \(after >> 10) KiB"
            )
            #expect(after - before < Self.allowedGrowth)
            let unread = try Self.unreadFromTheProvider(models)
            print("back-pressure: bytes left in the sockets to the provider \(unread)")
            #expect(unread.count == Self.clients && unread.allSatisfy { $0 > 10_000 })
            let other = try models.chat("chat", isStreamed: false)
            #expect(other.status == 200, "others are served meanwhile: \(other); \(models.log)")
            try TextFile.write("", to: SlowReader.go(models))
            for reader in readers {
                #expect(try reader.process.waitForEnd(within: .seconds(30)).isSuccess)
                #expect(reader.process.output.contains("done 1"), "\(reader.process.output)")
            }
            models.tearDown()
        }

        /// A client that reads a little, waits for a word, and then reads the rest and looks for the end of the stream.
        private struct SlowReader {
            let process: ChildProcess

            static func go(_ models: ModelsSite) -> String { models.site.workspace.path("go") }

            init(_ number: Int, _ models: ModelsSite) throws {
                let word = String(repeating: "a", count: ModelsStreamTests.piece)
                let text = Array(repeating: word, count: ModelsStreamTests.pieces).joined(separator: " ")
                let body = ModelsSite.question("chat", isStreamed: true, text).description
                let head = """
                    POST \(ModelsSite.chatPath) HTTP/1.1\r
                    host: martlet\r
                    connection: close\r
                    authorization: Bearer \(ModelsSite.clientKey("ci"))\r
                    content-length: \(body.utf8.count)\r
                    \r

                    """
                let request = models.site.workspace.path("slow-\(number).request")
                try TextFile.write(head + body, to: request)
                let script = """
                    exec 3<>/dev/tcp/\(Site.lan.v4)/\(ModelsSite.port); cat "$0" >&3; head -c 1000 <&3 >/dev/null; echo begun
                    while [ ! -e "$1" ]; do sleep 0.05; done
                    echo "done $(grep -c -a -F 'data: [DONE]' <&3)"
                    """
                process = try models.site.client.spawn(["bash", "-c", script, request, Self.go(models)])
            }
        }

        /// Bytes that wait in the gateway's connections to the provider.
        private static func unreadFromTheProvider(_ models: ModelsSite) throws -> [Int] {
            let lines = try models.site.router.run(["ss", "-H", "-t", "-n", "dst", Site.providers[0].v4])
            return lines.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: " ")
                return fields.count > 1 ? Int(fields[1]) : nil
            }
        }

        /// Bytes of a process in memory.
        private static func resident(_ pid: pid_t) throws -> Int {
            let text = try #require(ModelsSite.status(pid)["VmRSS"])
            return try #require(Int(text.prefix { $0.isNumber })) << 10
        }
    }
}
