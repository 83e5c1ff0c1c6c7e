// lab-tool: the small programs that the lab starts inside its namespaces. Each prints JSON lines on its standard output, the first
// of them when it is ready, and ends on SIGTERM or SIGINT with what it has measured.

import Glibc
import LabText

let usage = """
    lab-tool echo   --listen ADDRESS:PORT…
    lab-tool stream --to ADDRESS:PORT --rate PACKETS/S [--flows N] [--seconds S] [--linger MS]
    lab-tool spray  --to ADDRESS:FIRSTPORT --ports N
    lab-tool listen
    lab-tool delay  --device NAME --ms MILLISECONDS
    lab-tool ping   --to ADDRESS[%DEVICE] [--timeout-ms MS]
    lab-tool post   --to ADDRESS:PORT --path PATH [--header NAME:VALUE…] [--body FILE] [--timeout-ms MS]
    """

func run(_ arguments: [String]) throws {
    let rest = arguments.dropFirst(2)
    switch arguments.count > 1 ? arguments[1] : "" {
    case "echo": try EchoCommand(rest).run()
    case "stream": try StreamCommand(rest).run()
    case "spray": try SprayCommand(rest).run()
    case "listen": try ListenCommand(rest).run()
    case "delay": try DelayCommand(rest).run()
    case "ping": try PingCommand(rest).run()
    case "post": try PostCommand(rest).run()
    default: throw CommandOptions.Misuse(usage)
    }
}

do {
    try run(CommandLine.arguments)
} catch let misuse as CommandOptions.Misuse {
    complain(misuse.description)
    exit(2)
} catch {
    complain("\(error)")
    exit(1)
}
