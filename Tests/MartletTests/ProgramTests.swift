/// The program as the shell sees it: standard output, standard error, exit status. Against a scripted daemon where one is needed.
import Control
import Testing

@Suite struct ProgramTests {
    @Test(
        arguments: [
            (["--help"], 0), (["show", "--help"], 0), (["--version"], 0), ([], 0),
            (["bogus"], 2), (["status", "--bogus"], 2), (["drain", "wan"], 2), (["explain", "8.8.8.8"], 2),
            (["status", "--socket", "/tmp/no-such-martlet.sock"], 3),
            (["watch", "--socket", "/tmp/no-such-martlet.sock"], 3),
            (["check", "/tmp/no-such-martlet.yaml"], 1), (["replay", "/tmp/no-such-recording.jsonl"], 1),
        ] as [([String], Int32)]
    )
    func theExitStatusSaysWhatHappened(arguments: [String], status: Int32) throws {
        let run = try Program.run(arguments)
        #expect(run.status == status, "\(arguments): \(run.error)")
        #expect(run.error.isEmpty == (status == 0), "what went wrong is said on standard error")
        #expect(run.output.isEmpty == (status != 0), "and nowhere else")
    }

    @Test func anUnreachableDaemonIsSaidInWords() throws {
        let run = try Program.run(["status", "--socket", "/tmp/no-such-martlet.sock"])
        #expect(
            run.error == """
                martlet: cannot reach the daemon at /tmp/no-such-martlet.sock: No such file or directory
                    hint: is martletd running? is this its socket? (--socket, MARTLET_SOCKET)

                """
        )
    }

    @Test(
        arguments: [
            (["show", "route"], "did you mean 'routes'?"), (["aply"], "did you mean 'apply'?"),
            (["--socket", "/x", "--json", "diff", "fil"], "did you mean 'file'?"),
            (["explain", "rout", "192.0.2.1"], "did you mean 'route'?"),
            (["diff", "everything"], "allowed here: file, kernel, running"),
            (["status", "extra"], nil), (["status", "--bogus"], nil), (["explain", "nothing-like-it"], nil),
        ] as [([String], String?)]
    )
    func aMisspeltCommandIsToldTheNearest(arguments: [String], hint: String?) throws {
        let run = try Program.run(arguments)
        #expect(run.status == 2)
        let said = run.error.split(separator: "\n").first { $0.hasPrefix("    hint: ") }
        #expect(said.map(String.init) == hint.map { "    hint: \($0)" }, "\(run.error)")
    }

    @Test func theSocketMayComeFromTheEnvironment() throws {
        let run = try Program.run(["status"], environment: ["MARTLET_SOCKET": "/tmp/no-such-martlet.sock"])
        #expect(run.error.contains("/tmp/no-such-martlet.sock"))
    }

    @Test(arguments: [
        (#"{"answer":"leaves by wan.fiber","works":true,"steps":[],"wouldChange":[]}"#, 0),
        (#"{"answer":"there is no way","works":false,"steps":[],"wouldChange":[]}"#, 1),
    ])
    func anExplanationOfNoWayEndsWithOne(body: String, status: Int32) throws {
        let daemon = try OneAnswer(body)
        let run = try Program.run(["explain", "route", "192.0.2.1", "--socket", daemon.path])
        #expect(run.status == status)
        #expect(run.error.isEmpty, "the answer is no error")
        #expect(run.output.hasPrefix(status == 0 ? "leaves by wan.fiber" : "there is no way"))
        #expect(daemon.finish().hasPrefix("POST /v1/explain/route HTTP/1.1\r\n"))
    }

    @Test func aRefusalEndsWithOneAndTheDaemonsWords() throws {
        let daemon = try OneAnswer(
            #"{"errors":["wan.fiber is the last way out"],"hint":"--force"}"#,
            status: "409 Conflict"
        )
        let run = try Program.run(["drain", "wan.fiber", "--socket", daemon.path])
        #expect(run.status == 1)
        #expect(run.error == "martlet: wan.fiber is the last way out\n    hint: --force\n")
        _ = daemon.finish()
    }

    @Test func aPipeGetsNoColours() throws {
        let daemon = try OneAnswer(#"[{"plane":"network","member":"wan.lte","admin":"drain"}]"#)
        let run = try Program.run(["show", "overrides", "--socket", daemon.path], environment: ["TERM": "xterm"])
        #expect(run.output == "PLANE    MEMBER   ADMIN\nnetwork  wan.lte  drain\n")
        _ = daemon.finish()
    }

    @Test func jsonIsWhatTheDaemonSaid() throws {
        let body = #"[{"admin":"drain","member":"wan.lte","plane":"network"}]"#
        let daemon = try OneAnswer(body)
        let run = try Program.run(["show", "overrides", "--json", "--socket", daemon.path])
        let said = try ControlJSON.decode([OverrideRow].self, from: Array(run.output.utf8))
        #expect(said == [OverrideRow(plane: "network", member: "wan.lte", admin: "drain")])
        _ = daemon.finish()
    }

    @Test func outputThatCannotBeWrittenIsAnError() throws {
        let daemon = try OneAnswer("[]")
        let run = try Program.run(["show", "overrides", "--socket", daemon.path], outputTo: "/dev/full")
        #expect(run.status == 1)
        #expect(run.error == "martlet: cannot write: No space left on device\n")
        _ = daemon.finish()
    }

    @Test func everyShellGetsACompletionScript() throws {
        for (shell, mark) in [
            ("bash", "complete -o filenames -F _martlet martlet"), ("zsh", "#compdef martlet"),
            ("fish", "complete -c 'martlet'"),
        ] {
            let run = try Program.run(["--generate-completion-script", shell])
            #expect(run.status == 0)
            #expect(run.output.contains(mark), "\(shell)")
        }
    }
}
