import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// What an operator watches and waits for: flows explained one by one, rates, a drain's end, and names that the shell completes.
    @Suite(.serialized)
    struct OperatorTests {
        private static func start(_ file: String, _ site: Site) throws -> RouterUnderTest {
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            return router
        }

        private static func isp(in answer: String) -> ISP? {
            answer.contains("wan.fiber") ? .isp1 : answer.contains("wan.cable") ? .isp2 : nil
        }

        @Test(.timeLimit(.minutes(1)))
        func aFlowIsExplainedByTheMemberItTakesAndItsBucket() throws {
            let site = try Site()
            defer { site.tearDown() }
            try site.noteFlows()
            // Without labels the client's packets have no hash of their own, which the kernel would take instead of its own.
            try site.client.run(["sysctl", "-qw", "net.ipv6.auto_flowlabels=0"])
            let router = try Self.start(RouterFile.site(flows: "resilient", weights: (1, 1)), site)
            for family in Family.allCases {
                let went = try site.spray(24, family: family)
                #expect(Set(went.values).count == 2, "\(family): both members carry some")
                // None of the buckets is in use any more, to the kernel's hundredths of a second.
                rest(.milliseconds(100))
                var named = 0
                for (port, isp) in went.sorted(by: { $0.key < $1.key }).prefix(8) {
                    let said = try router.ask(
                        "explain",
                        "flow",
                        Site.clientAddress[family],
                        Site.echo[family],
                        "--iif",
                        "lan0",
                        "--proto",
                        "udp",
                        "--sport",
                        "19999",
                        "--dport",
                        "\(port)"
                    )
                    #expect(Self.isp(in: said["answer"]?.string ?? "") == isp, "\(family), port \(port): \(said)")
                    let steps = said["steps"]?.elements ?? []
                    let living = steps.first { $0["subject"]?.string == "connection" }?["words"]?.string ?? ""
                    #expect(
                        Self.isp(in: living) == isp,
                        "\(family), port \(port): the mark of its connection, \(living)"
                    )
                    let buckets = steps.first { $0["subject"]?.string == "buckets" }?["words"]?.string ?? ""
                    #expect(buckets.hasPrefix("of 128 buckets: ") && buckets.contains("wan.fiber"), "\(buckets)")
                    guard let bucket = steps.first(where: { $0["subject"]?.string == "bucket" })?["words"]?.string,
                        let number = Int(bucket.prefix { $0.isNumber })
                    else { continue }
                    named += 1
                    #expect(try Self.holder(of: number, site, family) == isp, "\(family), port \(port): \(bucket)")
                }
                #expect(named > 0, "\(family): where nothing else is in use the bucket is named")
            }
            let open = try router.ask("explain", "route", Site.echo.v4)
            let hash = open["steps"]?.elements?.first { $0["subject"]?.string == "hash" }?["words"]?.string ?? ""
            #expect(hash.contains("fib_multipath_hash_policy = 1"), "\(open)")
            #expect(hash.contains("--from, --proto, --sport, --dport"), "what was not said is named")
            #expect(open["steps"]?.elements?.contains { $0["subject"]?.string == "connection" } == false)
        }

        /// Who holds the bucket of the group that the default route stands on, by the kernel.
        private static func holder(of bucket: Int, _ site: Site, _ family: Family) throws -> ISP? {
            let state = try KernelState(of: site.router)
            guard let group = state.route("default", family)?.nexthop else { return nil }
            let rows = try site.router.ip("nexthop", "bucket", "show", "id", "\(group)").elements ?? []
            let held = rows.compactMap { $0["bucket"] }.first { $0["index"]?.integer == bucket }?["nhid"]?.integer
            let device = held.flatMap { state.nexthops[$0]?.device }
            return ISP.allCases.first { $0.uplink.device == device }
        }

        @Test(.timeLimit(.minutes(1)))
        func ratesOfMembersAreSaidOverAndOver() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try Self.start(RouterFile.site(), site)
            let streams = try Family.allCases.map { try site.packets(family: $0, rate: 500, flows: 8) }
            rest(.milliseconds(100))
            let output = try site.router.run(router.command(["top", "--count", "2", "--interval", "500ms"]))
            for stream in streams { _ = try stream.finish() }
            let looks = try output.split(separator: "\n").map { try JSON.parse(String($0)) }
            try #require(looks.count == 2, "one object a line")
            let rows = try #require(looks.last?["rows"]?.elements)
            #expect(rows.count == 4)
            for family in Family.allCases {
                let own = rows.filter { $0["scope"]?.string == family.scope }
                // 500 a second are sent; the host may be busy.
                let packets = own.compactMap { $0["packetsPerSecond"]?.integer }.reduce(0, +)
                measured("packets a second that top says, \(family), 500 sent", Double(packets), "packets/s")
                #expect((100...2500).contains(packets), "\(own)")
                #expect(own.allSatisfy { $0["health"]?.string == "up" && $0["lossPermille"]?.integer != nil })
                #expect(own.compactMap { $0["sharePermille"]?.integer } == [750, 250])
            }
            #expect(rows.contains { ($0["bitsOutPerSecond"]?.integer ?? 0) > 10_000 }, "\(rows)")
        }

        @Test(.timeLimit(.minutes(1)))
        func aDrainSaysHowManyFlowsAreLeftAndWaitsForTheirEnd() throws {
            let times = ["udp_timeout", "udp_timeout_stream"].map {
                (name: "net.netfilter.nf_conntrack_\($0)", value: "2")
            }
            let site = try Site(sysctls: times)
            defer { site.tearDown() }
            // Translated flows stay where they are.
            let router = try Self.start(RouterFile.site() + "  masquerade: { out: [eth0, eth1] }\n", site)
            let streams = try Family.allCases.map { try site.packets(family: $0, rate: 200, flows: 8) }
            rest(.milliseconds(200))
            let mark = try #require(
                try router.ask("show", "members").elements?.first { $0["name"]?.string == "wan.fiber" }?["mark"]?.string
            )
            let drained = try router.ask("drain", "wan.fiber")
            let flows = try #require(drained["flows"]?.integer)
            #expect(flows == (try Self.tracked(site, mark: mark)) && flows > 0, "probes are none: \(drained)")

            let waiting = try router.attempt("drain", "wan.fiber", "--wait", "--timeout", "1s")
            #expect(waiting.status == 1 && waiting.errorOutput.contains("it stays drained"), "\(waiting)")
            let last = try JSON.parse(String(waiting.output.split(separator: "\n").last ?? ""))
            #expect(last["flows"]?.integer == flows && last["waited"] != nil, "\(last)")

            for stream in streams { _ = try stream.finish() }
            let ended = try router.attempt("drain", "wan.fiber", "--wait", "--timeout", "30s")
            #expect(ended.status == 0, "\(ended)")
            let end = try JSON.parse(String(ended.output.split(separator: "\n").last ?? ""))
            #expect(end["flows"]?.integer == 0, "\(end)")
            #expect(try router.health(of: "wan.fiber", .v4) == "up", "its probes go on meanwhile")
            let unknown = try router.attempt("drain", "wan.fibre", "--wait")
            #expect(unknown.status == 1 && unknown.errorOutput.contains("wan.fiber"), "the nearest name: \(unknown)")
        }

        /// Connections of the streams that the kernel lists with the mark.
        private static func tracked(_ site: Site, mark: String) throws -> Int {
            let wanted = try #require(UInt32(mark.dropFirst(2), radix: 16))
            return try site.router.run(["cat", "/proc/net/nf_conntrack"]).split(separator: "\n").count { line in
                let words = line.split(separator: " ")
                let found = words.first { $0.hasPrefix("mark=") }.flatMap { UInt32($0.dropFirst(5)) } ?? 0
                return words.contains("udp") && words.contains("dport=7") && found & 0x3F00_0000 == wanted
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aCaptureOfAPolicyTakesItsPacketsAlone() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let file =
                RouterFile.links() + """
                      policies:
                        - { name: nine, match: 'udp.dport == 9001', use: wan.second }
                        - { name: never, match: 'udp.dport == 9003', reject: prohibited }

                    """
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.start()
            let capture = try lab.router.spawn(router.command(["capture", "nine", "--count", "2"]))
            try eventually("the capture", within: .seconds(5)) {
                TextFile.read("/proc/\(capture.pid)/net/packet").split(separator: "\n").count >= 2
            }
            let script =
                "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                + "[s.sendto(b'x', ('198.51.100.7', port)) for port in (9002, 9001) * 4]"
            try lab.router.run(["python3", "-I", "-S", "-c", script])
            #expect(try capture.waitForEnd(within: .seconds(10)) == .exited(0))
            let lines = try capture.output.split(separator: "\n").map { try JSON.parse(String($0)) }
            #expect(lines.count == 2)
            for line in lines {
                #expect(line["destination"]?.string == "198.51.100.7:9001", "\(line)")
                #expect(line["device"]?.string == "eth1" && line["direction"]?.string == "out", "\(line)")
            }
            for (name, words) in [("never", "leads no packet anywhere"), ("ten", "there is no policy 'ten'")] {
                let refused = try router.attempt("capture", name)
                #expect(refused.status == 1 && refused.errorOutput.contains(words), "\(refused)")
            }
        }

        /// The daemon can read more than they can, and a list's wrong lines are shown.
        @Test(.timeLimit(.minutes(1)))
        func whoMayOnlyLookHasNoFileReadForThem() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let file = RouterFile.links() + "control: { read-only: users }\n"
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            let secret = router.path("secret.txt")
            try TextFile.write("word-of-honour\n", to: secret)
            try #require(chown(secret, 61_077, 61_077) == 0 && chmod(secret, 0o600) == 0)
            try router.start()
            let wanted = file.replacing("routes:\n", with: "routes:\n    stolen: { file: \(secret), use: wan }\n")
            let script = """
                import json, socket, sys
                body = json.dumps({"files": [{"name": "martlet.yaml", "text": sys.argv[2]}]}).encode()
                s = socket.socket(socket.AF_UNIX)
                s.connect(sys.argv[1])
                head = "POST /v1/plan HTTP/1.1\\r\\nHost: m\\r\\nConnection: close\\r\\n"
                s.sendall((head + "Content-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)).encode() + body)
                while data := s.recv(65536): sys.stdout.write(data.decode())
                """
            let ask = ["python3", "-I", "-S", "-c", script, try router.command([])[2]]
            let looker = ["setpriv", "--reuid=65534", "--regid=100", "--clear-groups"]
            let refused = try lab.router.run(looker + ask + [wanted])
            #expect(refused.contains("needs the right to change") && !refused.contains("word-of-honour"), "\(refused)")
            #expect(try lab.router.run(ask + [wanted]).contains("word-of-honour"), "who may change is shown the line")
            #expect(try lab.router.run(looker + ask + [file]).contains("200"), "a plan without lists is answered")
        }

        /// The script that is installed, in a real bash, with names from the running daemon.
        @Test(.timeLimit(.minutes(1)))
        func bashCompletesCommandsOptionsValuesAndNames() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let file = RouterFile.links() + "  policies: [{ name: nine, match: 'udp.dport == 9', use: wan.second }]\n"
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.start()
            let command = try router.command([])
            let script = """
                PATH="$(dirname "$0"):$PATH"
                source <("$0" --generate-completion-script bash) || exit 1
                COMP_WORDS=("${@:2}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                COMP_LINE="${*:2}"; COMP_POINT=${#COMP_LINE}
                export MARTLET_SOCKET="$1"
                _martlet martlet "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
                printf '%s\\n' "${COMPREPLY[@]}"
                """
            let complete = { (socket: String, words: [String]) in
                try lab.router.run(["bash", "-c", script, command[0], socket, "martlet"] + words)
                    .split(separator: "\n").map(String.init)
            }
            let socket = command[2]
            for (words, expected) in [
                (["dr"], ["drain"]), (["show", "me"], ["members"]), (["top", "--c"], ["--count"]),
                (["explain", "flow", "192.0.2.1", "192.0.2.2", "--proto", "u"], ["udp"]),
                (["drain", ""], ["wan.first", "wan.second"]), (["probe", "wan.s"], ["wan.second"]),
                (["capture", ""], ["wan.first", "wan.second", "nine"]), (["rollback", ""], ["1"]),
            ] {
                #expect(try complete(socket, words) == expected, "\(words)")
            }
            #expect(try complete("/nowhere", ["drain", ""]) == [], "no daemon is no error")
            #expect(
                try complete("/nowhere", ["--socket", socket, "drain", ""]) == ["wan.first", "wan.second"],
                "the socket on the line counts"
            )
        }
    }
}
