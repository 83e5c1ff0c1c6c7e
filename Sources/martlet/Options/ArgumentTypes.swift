/// How are the project's own types read from the command line?
import ArgumentParser
import NetTypes

extension IPAddress: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

/// A packet mark, decimal or hexadecimal.
struct MarkArgument: ExpressibleByArgument, Equatable {
    let value: UInt32

    init?(argument: String) {
        let hex = argument.hasPrefix("0x") || argument.hasPrefix("0X")
        let digits = hex ? argument.dropFirst(2) : argument[...]
        guard digits.allSatisfy({ $0.isHexDigit }), let value = UInt32(digits, radix: hex ? 16 : 10) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] { [] }
}
