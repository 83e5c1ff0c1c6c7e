/// `martlet rollback`: run by an earlier configuration again.
import ArgumentParser
import Control

struct Rollback: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Go back to an earlier configuration.",
        discussion: """
            Without a number: take back what is on trial, or, when nothing is, go back to the configuration that ran before.
            'martlet history' lists the numbers. Everything that counts for 'apply' counts here too; the file on the disk is not
            touched.

            EXAMPLES
              martlet rollback
              martlet rollback 12 --no-confirm
            """
    )

    @Argument(
        help: "The configuration's number.",
        completion: .custom { words, _, _ in Completion(words).configurations() }
    )
    var number: Int?

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let request = RollbackRequest(configuration: number, confirm: confirm.terms)
        try global.finish(try global.client.rollBack(request))
    }
}
