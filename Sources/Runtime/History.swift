/// Which configurations ran, who asked for what and what came of it, and which configuration waits for its confirmation?
///
/// A plain value; the daemon keeps it in the state directory and writes it before it acts, so that what is promised here holds
/// after a `kill -9` too.
package import NetTypes

package struct History: Codable, Sendable, Equatable {
    /// Configurations whose texts are kept: a few weeks of changes on a busy site, some hundred KiB.
    package static let mostConfigurations = 20
    /// Lines kept: at 200 bytes each the file stays below 100 KiB.
    package static let mostEntries = 400

    /// Who did something: a user of this host, or the daemon itself.
    package struct Actor: Codable, Sendable, Equatable {
        package let user: String
        /// Nil: nobody over the control socket.
        package let process: Int32?

        package init(user: String, process: Int32?) {
            (self.user, self.process) = (user, process)
        }

        package static let daemon = Actor(user: "martletd", process: nil)
    }

    /// One thing that was done, or refused.
    package struct Entry: Codable, Sendable, Equatable {
        /// Microseconds since 1970.
        package let at: UInt64
        package let by: Actor
        /// `apply`, `rollback to 3`, `drain wan.cable`, …
        package let what: String
        package var result: String
        /// The configuration that runs from then on; nil when it is the same as before.
        package let configuration: Int?

        package init(at: UInt64, by: Actor, what: String, result: String, configuration: Int? = nil) {
            (self.at, self.by, self.what, self.result, self.configuration) = (at, by, what, result, configuration)
        }
    }

    /// A configuration whose texts are kept.
    package struct Kept: Codable, Sendable, Equatable {
        package let number: Int
        /// Of the texts, whatever the files are called.
        package let digest: String
        package let files: [String]

        package init(number: Int, digest: String, files: [String]) {
            (self.number, self.digest, self.files) = (number, digest, files)
        }
    }

    /// A configuration that runs on trial.
    package struct Trial: Codable, Sendable, Equatable {
        package let configuration: Int
        /// What comes back unless it is confirmed.
        package let previous: Int
        /// On the clock of this boot.
        package let deadline: Instant
        /// The kernel's boot id: after a reboot the deadline has passed, whatever the clocks say.
        package let boot: String
        /// Why it is on trial, in words.
        package let reasons: [String]

        package init(configuration: Int, previous: Int, deadline: Instant, boot: String, reasons: [String]) {
            (self.configuration, self.previous, self.deadline) = (configuration, previous, deadline)
            (self.boot, self.reasons) = (boot, reasons)
        }

        /// How long it still has; zero when that is over.
        package func remaining(at now: Instant, boot: String) -> Span { boot == self.boot ? deadline - now : .zero }
    }

    /// Oldest first.
    package private(set) var entries: [Entry] = []
    /// In the order in which they last took effect.
    package private(set) var kept: [Kept] = []
    /// The number of what runs, or of what ran when the daemon last stopped.
    package private(set) var running: Int?
    package private(set) var trial: Trial?
    /// The last configuration that nobody confirmed: its texts are not run again at a start.
    package private(set) var unconfirmed: Kept?
    private var next = 1

    package init() {}

    package func kept(_ number: Int) -> Kept? { kept.first { $0.number == number } }

    /// The configuration that ran before the running one, if its texts are still there.
    package var previous: Int? {
        entries.reversed().compactMap(\.configuration).first { $0 != running && kept($0) != nil }
    }
}

extension History {
    package mutating func append(_ entry: Entry) {
        entries.append(entry)
        if entries.count > Self.mostEntries { entries.removeFirst(entries.count - Self.mostEntries) }
    }

    /// The number the texts have, or will have if they are new.
    package func number(of digest: String) -> Int { kept.last { $0.digest == digest }?.number ?? next }

    /// The texts take effect, on trial if a deadline is given and there is something to go back to.
    package mutating func install(
        _ texts: Kept,
        _ entry: (_ configuration: Int) -> Entry,
        onTrialUntil deadline: Instant? = nil,
        boot: String = "",
        reasons: [String] = []
    ) {
        let before = running
        kept.removeAll { $0.number == texts.number }
        kept.append(texts)
        next = max(next, texts.number + 1)
        running = texts.number
        trial = nil
        if let deadline, let before {
            trial = Trial(
                configuration: texts.number,
                previous: before,
                deadline: deadline,
                boot: boot,
                reasons: reasons
            )
        } else if unconfirmed?.digest == texts.digest {
            unconfirmed = nil
        }
        append(entry(texts.number))
        dropOld()
    }

    /// The words for what came of the last entry about a configuration.
    package mutating func conclude(_ result: String) {
        guard let last = entries.lastIndex(where: { $0.configuration != nil }) else { return }
        entries[last].result = result
    }

    /// What is on trial stays. False when nothing is.
    package mutating func confirm(_ entry: Entry) -> Bool {
        guard let ended = trial else { return false }
        trial = nil
        if unconfirmed?.digest == kept(ended.configuration)?.digest { unconfirmed = nil }
        append(entry)
        return true
    }

    /// What is on trial goes: the configuration before it runs again, and this one is remembered as refused.
    package mutating func revert(_ entry: (_ configuration: Int) -> Entry) {
        guard let ended = trial else { return }
        trial = nil
        unconfirmed = kept(ended.configuration)
        running = ended.previous
        append(entry(ended.previous))
    }

    private mutating func dropOld() {
        let needed = Set([running, trial?.previous].compactMap { $0 })
        while kept.count > Self.mostConfigurations, let old = kept.firstIndex(where: { !needed.contains($0.number) }) {
            kept.remove(at: old)
        }
    }
}
