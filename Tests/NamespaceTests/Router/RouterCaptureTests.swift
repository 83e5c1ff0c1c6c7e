import Foundation
import Lab
import LabText
import Testing

extension RouterSuites {
    /// Does a capture hold the packets of the member that was asked for?
    @Suite(.serialized)
    struct CaptureTests {
        @Test(.timeLimit(.minutes(1)))
        func aCaptureTakesTheMembersPacketsAndMarkedOnesAlone() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let rows = try router.ask("show", "members").elements ?? []
            let row = try #require(rows.first { $0["name"]?.string == "wan.second" })
            #expect(row["device"]?.string == "eth1")
            let mark = try #require(row["mark"]?.string)

            // A packet to the second uplink's gateway, with and without the mark.
            func send(marked: Bool) throws {
                let option = marked ? "s.setsockopt(1, 36, \(mark));" : ""
                let script =
                    "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); \(option) "
                    + "s.sendto(b'x', ('203.0.113.9', \(marked ? 9002 : 9001)))"
                try lab.router.run(["python3", "-I", "-S", "-c", script])
            }

            let path = lab.workspace.path("member.pcap")
            let all = try lab.router.spawn(router.command(["capture", "wan.second", "-w", path, "--count", "4"]))
            let lines = try lab.router.spawn(router.command(["capture", "wan.second", "--marked", "--count", "1"]))
            try eventually("both captures", within: .seconds(5)) {
                TextFile.read("/proc/\(all.pid)/net/packet").split(separator: "\n").count >= 3
            }
            for _ in 0..<5 {
                try send(marked: false)
                try send(marked: true)
            }
            #expect(try lines.waitForEnd(within: .seconds(10)) == .exited(0))
            #expect(try all.waitForEnd(within: .seconds(10)) == .exited(0))
            let line = try JSON.parse(lines.output)
            #expect(line["destination"]?.string == "203.0.113.9:9002" && line["what"]?.string == "udp", "\(line)")
            #expect(line["direction"]?.string == "out")
            let bytes = try Data(contentsOf: URL(filePath: path))
            #expect(
                bytes.prefix(4) == Data([0x4D, 0x3C, 0xB2, 0xA1]) && bytes.count > 24 + 4 * 32,
                "a pcap file of four"
            )
        }
    }
}
