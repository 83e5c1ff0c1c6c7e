/// `martlet show rules`: which policy routing rules are in the kernel because the file asks for them?
import ArgumentParser
import Control

struct ShowRules: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Rules the file asks for, and how they stand in the kernel."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.rules())
    }
}
