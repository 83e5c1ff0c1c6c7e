// mock-provider: a provider of models that answers as strictly as the real one, and fails on request.

import Glibc
import LabText

func complain(_ text: String) {
    let line = Array("mock-provider: \(text)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

do {
    Provider.blockSignals()
    let settings = try Settings(CommandLine.arguments.dropFirst())
    let provider = try Provider(settings)
    try provider.start()
    try provider.runUntilStopped()
} catch let misuse as CommandOptions.Misuse {
    complain("\(misuse.description)\n\(Settings.usage)")
    exit(2)
} catch {
    complain("\(error)")
    exit(1)
}
