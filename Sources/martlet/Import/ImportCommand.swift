/// `martlet import`: a first file from what the kernel has now.
import ArgumentParser
import Control

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Print a first configuration, made from the routes that the kernel has now.",
        discussion: """
            Default routes become the group 'wan', one member a way, worse metrics a higher tier; static routes stay routes. What
            the file does not say stands in it as comments. Nothing is changed, and no daemon is needed.

            EXAMPLES
              martlet import > /etc/martlet/martlet.yaml && martlet check && martlet plan
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let file = ImportedFile(try SeenKernel.read())
        switch global.format {
        // As it is: a file is no place for colours.
        case .text: try Console.print(String(file.text.dropLast()))
        case .json: try Console.print(try ControlJSON.pretty(file))
        }
    }
}
