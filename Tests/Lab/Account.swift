/// As whom does a process run inside a namespace? As an unprivileged user with exactly these capabilities, in every set, so that they
/// survive the start of the program and nothing else can be gained.
package struct Account: Sendable, Hashable {
    package var user: Int
    package var group: Int
    /// Without the prefix: `net_admin`.
    package var capabilities: [String]

    /// An account of the lab's own unless another is named; no file on the host belongs to it.
    package init(user: Int = 61_077, group: Int = 61_077, capabilities: [String] = []) {
        self.user = user
        self.group = group
        self.capabilities = capabilities
    }

    /// The words to put before a command (util-linux, setpriv).
    func prefix() throws -> [String] {
        let set = (["-all"] + capabilities.map { "+\($0)" }).joined(separator: ",")
        return [
            try Programs.installed("setpriv"), "--reuid=\(user)", "--regid=\(group)", "--clear-groups",
            "--inh-caps=\(set)", "--ambient-caps=\(set)", "--bounding-set=\(set)", "--no-new-privs", "--",
        ]
    }
}
