/// `martlet show bfd`: how does each BFD session stand, and how near to a fall has it been?
import ArgumentParser
import Control
import NetTypes

struct ShowBFD: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bfd",
        abstract: "BFD sessions with their state and times."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.bfd())
    }
}

extension BFDRow: ListDisplayable {
    static var columns: [Column] {
        [
            "MEMBER", "SCOPE", "PEER", "STATE", Column("FOR", .right), "DIAGNOSTIC", "PEER SAYS", Column("TX", .right),
            Column("RX", .right), Column("DETECTION", .right), Column("LONGEST GAP", .right), Column("JITTER", .right),
            Column("FALLS", .right), "KEY", "PRIORITY",
        ]
    }

    static var none: String { "no member has a BFD session" }

    var cells: [Cell] {
        [
            Cell(member, .strong), Cell(scope), Cell(device.map { "\(peer)%\($0)" } ?? peer), .state(state),
            "\(seconds)s", Cell(diagnostic),
            Cell([peerState, peerDiagnostic].compactMap { $0 }.joined(separator: ", ")),
            "\(transmit)", "\(receive)", Cell(detection), "\(longestGap)", "\(jitter)", "\(falls)",
            Cell(authentication), realTime ? "real-time" : Cell("normal", .warning),
        ]
    }
}
