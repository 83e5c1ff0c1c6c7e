/// What the command line becomes, for every command.
import ArgumentParser
import Control
import NetTypes
import Testing

@testable import martlet

@Suite struct ParsingTests {
    private func parse<Command: ParsableCommand>(_ line: String, as type: Command.Type) throws -> Command {
        try parse(line.split(separator: " ").map(String.init), as: type)
    }

    private func parse<Command: ParsableCommand>(_ arguments: [String], as type: Command.Type) throws -> Command {
        try #require(try Martlet.parseAsRoot(arguments) as? Command, "\(arguments) is no \(type)")
    }

    @Test(arguments: [
        ("check", "Check"), ("plan", "Plan"), ("apply", "Apply"), ("confirm", "Confirm"), ("rollback", "Rollback"),
        ("rollback 3", "Rollback"), ("history", "HistoryCommand"), ("history 3", "HistoryCommand"),
        ("diff running", "DiffRunning"), ("diff running 3", "DiffRunning"), ("diff file", "DiffFile"),
        ("diff kernel", "DiffKernel"), ("import", "ImportCommand"),
        ("capture wan.cable -w x.pcap --marked", "Capture"), ("capture backup", "Capture"), ("top", "Top"),
        ("top --interval 500ms --count 2", "Top"), ("explain flow 10.0.0.5 192.0.2.1", "ExplainFlow"),
        ("drain wan.cable --wait --timeout 90s", "Drain"),
        ("doctor", "DoctorCommand"), ("doctor --leaks a.yaml", "DoctorCommand"), ("status", "Status"),
        ("watch", "Watch"),
        ("show groups", "ShowGroups"), ("show members", "ShowMembers"), ("show routes", "ShowRoutes"),
        ("show rules", "ShowRules"), ("show probes", "ShowProbes"), ("show bfd", "ShowBFD"),
        ("show providers", "ShowProviders"),
        ("show decisions", "ShowDecisions"), ("show drift", "ShowDrift"), ("show overrides", "ShowOverrides"),
        ("show policies", "ShowPolicies"), ("show sets", "ShowSets"), ("show usage", "ShowUsage"),
        ("usage", "UsageCommand"), ("usage --by team,day --since 2026-11-01 --until 2026-11-30", "UsageCommand"),
        ("explain route 192.0.2.1", "ExplainRoute"), ("explain model hello", "ExplainModel"),
        ("explain 0123456789abcdef01234567", "ExplainDecision"),
        ("explain decision 0123456789abcdef01234567", "ExplainDecision"),
        ("drain wan.cable", "Drain"), ("undrain wan.cable", "Undrain"), ("down wan.cable", "Down"),
        ("up wan.cable", "Up"), ("probe wan.cable", "Probe"), ("replay incident.jsonl", "ReplayCommand"),
    ])
    func everyCommandIsFoundByItsWords(line: String, type: String) throws {
        let command = try Martlet.parseAsRoot(line.split(separator: " ").map(String.init))
        #expect("\(Swift.type(of: command))" == type)
    }

    @Test func everyTableOfTheControlAPIHasItsCommand() {
        let names = Show.configuration.subcommands.map { $0.configuration.commandName ?? "" }
        // `usage` is a question with parameters, not a table.
        #expect(names == ControlCall.Table.allCases.map(\.rawValue) + ["usage"])
    }

    @Test(arguments: [
        "--socket /a --json show groups", "show --socket /a --json groups", "show groups --json --socket /a",
    ])
    func theGlobalOptionsMayStandAnywhere(line: String) throws {
        let command = try parse(line, as: ShowGroups.self)
        #expect(command.global.client.socketPath == "/a")
        #expect(command.global.format == .json)
    }

    @Test func theSocketIsNamedByOptionThenVariableThenDefault() {
        #expect(GlobalOptions.socketPath(option: "/o", variable: { _ in "/v" }) == "/o")
        #expect(GlobalOptions.socketPath(option: nil, variable: { $0 == "MARTLET_SOCKET" ? "/v" : nil }) == "/v")
        #expect(GlobalOptions.socketPath(option: nil, variable: { _ in nil }) == "/run/martlet/martlet.sock")
    }

    @Test func theFileHasADefault() throws {
        #expect(try parse("check", as: Check.self).file.file == "/etc/martlet/martlet.yaml")
        #expect(try parse("apply ./a.yaml", as: Apply.self).file.file == "./a.yaml")
    }

    @Test func aRouteQuestionCarriesAllThatWasSaid() throws {
        let line = "explain route 2001:db8::1 --from 2001:db8::2 --iif lan0 --mark 0x1000000"
        let expected = RouteQuestion(
            destination: try #require(IPAddress("2001:db8::1")),
            source: IPAddress("2001:db8::2"),
            inputDevice: "lan0",
            mark: 0x1000000
        )
        #expect(try parse(line, as: ExplainRoute.self).question == expected)
    }

    @Test func aFlowQuestionCarriesAllThatWasSaid() throws {
        let line = "explain flow 10.0.0.5 192.0.2.1 --iif lan0 --proto udp --sport 5000 --dport 53"
        let expected = RouteQuestion(
            destination: try #require(IPAddress("192.0.2.1")),
            source: IPAddress("10.0.0.5"),
            inputDevice: "lan0",
            transport: "udp",
            sourcePort: 5000,
            destinationPort: 53
        )
        #expect(try parse(line, as: ExplainFlow.self).question == expected)
        let short = try parse("explain flow 10.0.0.5 192.0.2.1 --sport 5000", as: ExplainFlow.self).question
        #expect(short.transport == "tcp", "ports are TCP's unless it is said otherwise")
    }

    @Test func aModelQuestionCarriesAllThatWasSaid() throws {
        let arguments = ["explain", "model", "two words", "--model", "chat", "--key", "ci", "--stream", "--tools"]
        let expected = ModelQuestion(prompt: "two words", model: "chat", key: "ci", stream: true, tools: true)
        #expect(try parse(arguments, as: ExplainModel.self).question == expected)
        let more = [
            "explain", "model", "x", "--schema", "--image", "--audio", "--file", "--thinking", "--max-tokens", "9",
            "--user", "ann", "--from", "192.0.2.7", "--header", "a: b",
        ]
        let wanted = ModelQuestion(
            prompt: "x",
            model: "auto",
            schema: true,
            image: true,
            audio: true,
            file: true,
            thinking: true,
            maxTokens: 9,
            user: "ann",
            source: "192.0.2.7",
            headers: ["a: b"]
        )
        #expect(try parse(more, as: ExplainModel.self).question == wanted)
        #expect(
            try parse("explain model hello", as: ExplainModel.self).question
                == ModelQuestion(prompt: "hello", model: "auto")
        )
    }

    @Test(arguments: [
        ("16777216", 0x1000000 as UInt32?, "decimal"),
        ("0x1000000", 0x1000000, "hexadecimal"),
        ("0XfF", 0xFF, "either case"),
        ("4294967296", nil, "more than 32 bits"),
        ("0x", nil, "no digits"),
        ("-1", nil, "a sign"),
        ("+1", nil, "a sign"),
        ("0x-1", nil, "a sign behind the prefix"),
        ("ff", nil, "hexadecimal without its prefix"),
    ])
    func aMarkIsDecimalOrHexadecimal(text: String, value: UInt32?, why: String) {
        #expect(MarkArgument(argument: text)?.value == value, "\(why)")
    }

    @Test(arguments: [
        ("", "no command: help, which is no error"), ("--help", "help"), ("show", "a group of commands"),
        ("--version", "version"), ("--generate-completion-script bash", "completions"),
        ("--generate-completion-script zsh", "completions"), ("--generate-completion-script fish", "completions"),
    ])
    func whatWasAskedForIsNoError(line: String, why: String) throws {
        let error = #expect(throws: (any Error).self) {
            var command = try Martlet.parseAsRoot(line.split(separator: " ").map(String.init))
            try command.run()
        }
        #expect(Martlet.exitCode(for: try #require(error)) == .success, "\(why)")
    }

    @Test(arguments: [
        ("bogus", "no such command"), ("status extra", "an argument too many"), ("status --bogus", "no such option"),
        ("show bogus", "no such table"), ("drain", "no member"), ("drain wan", "a group is no member"),
        ("drain wan.", "an empty name"), ("drain wan.a.b", "a dot too many"), ("up wan.a --force", "up needs no force"),
        ("explain", "nothing to explain"), ("explain xyz", "no id"), ("explain 8.8.8.8", "an address is no id"),
        ("explain route", "no address"), ("explain route example.com", "no address but a name"),
        ("explain route 192.0.2.1 --from 2001:db8::1", "two families"),
        ("explain route 192.0.2.1 --mark -1", "no mark"),
        ("explain flow 192.0.2.1", "one end"), ("explain flow 192.0.2.1 2001:db8::1", "two families"),
        ("explain flow 10.0.0.5 192.0.2.1 --proto icmp --dport 7", "icmp has no ports"),
        ("explain flow 10.0.0.5 192.0.2.1 --proto bogus", "no protocol"),
        ("explain flow 10.0.0.5 192.0.2.1 --sport 65536", "no port"),
        ("top --interval 10ms", "too often"), ("top --count 0", "no look at all"), ("top --interval 5", "no unit"),
        ("drain wan.a --timeout 0s", "no time"), ("capture", "nothing"), ("capture wan.a --count 0", "no packet"),
        ("explain model", "no prompt"), ("replay", "no file"), ("status --socket", "an option without its value"),
    ])
    func wrongUsageIsRefused(line: String, why: String) throws {
        let error = #expect(throws: (any Error).self, "\(why)") {
            try Martlet.parseAsRoot(line.split(separator: " ").map(String.init))
        }
        #expect(Martlet.exitCode(for: try #require(error)) == .validationFailure, "\(why)")
    }

    @Test func anAddressGivenAsAnIDIsToldWhereItBelongs() {
        let error = #expect(throws: (any Error).self) { try Martlet.parseAsRoot(["explain", "8.8.8.8"]) }
        #expect(error.map { Martlet.message(for: $0) } == "'8.8.8.8' is an address: martlet explain route 8.8.8.8")
    }
}
