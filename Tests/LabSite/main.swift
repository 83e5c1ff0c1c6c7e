// lab-site: a site to play with by hand. Stands until Ctrl-C: `ip netns exec mt<pid>-1-router bash` goes in.

import Foundation
import Lab
import LabText

do {
    Interruption.cleanUpOnSignals()
    if let obstacle = Programs.obstacle { throw CommandOptions.Misuse(obstacle) }
    let site = try Site()
    let namespaces = [site.client, site.router, site.namespace(of: .isp1), site.namespace(of: .isp2), site.far]
    let line: JSON = [
        "workspace": .string(site.workspace.name), "directory": .string(site.workspace.directory.path),
        "namespaces": .array(namespaces.map { .string($0.name) }),
    ]
    try FileHandle.standardOutput.write(contentsOf: Data((line.description + "\n").utf8))
    // The signal's handler ends the program.
    while true { rest(.seconds(3600)) }
} catch {
    try? FileHandle.standardError.write(contentsOf: Data("lab-site: \(error)\n".utf8))
    exit(1)
}
