/// `martlet show drift`: what in the kernel is not as the file says, or had to be put back?
import ArgumentParser
import Control

struct ShowDrift: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Objects that are not as the file says, or that somebody changed and that were put back.",
        discussion: """
            pending           waits for a link, an address, a gateway, or its turn
            failed            the kernel refused it; its words, and when it is tried again
            foreign-conflict  a stranger's object stands in its place, and is not touched
            drifted           as it should be, after it was put back that often since the last apply
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.drift())
    }
}
