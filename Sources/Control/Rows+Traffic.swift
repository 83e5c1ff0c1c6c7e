/// Rows of what steers packets: policies and sets.

/// One network policy, for `show policies`.
package struct PolicyRow: Codable, Sendable, Equatable {
    package var name: String
    package var match: String
    /// `wan`, `wan.fiber`, `reject prohibited`.
    package var target: String
    /// What it does now in each family: `leads`, `passes` to the next one, `refuses`, or `-` where it is not about the family.
    package var ipv4: String
    package var ipv6: String
    /// The mark it gives; nil for a target without a number.
    package var mark: String?
    package var table: UInt32?
    /// Packets and bytes it has taken since its counter was made; nil where the kernel could not be asked.
    package var packets: UInt64?
    package var bytes: UInt64?
    package var cause: String

    package init(
        name: String,
        match: String,
        target: String,
        ipv4: String,
        ipv6: String,
        mark: String?,
        table: UInt32?,
        packets: UInt64?,
        bytes: UInt64?,
        cause: String
    ) {
        (self.name, self.match, self.target) = (name, match, target)
        (self.ipv4, self.ipv6, self.mark, self.table) = (ipv4, ipv6, mark, table)
        (self.packets, self.bytes, self.cause) = (packets, bytes, cause)
    }
}

/// One set of addresses, for `show sets`.
package struct SetRow: Codable, Sendable, Equatable {
    package var name: String
    /// `list`, or the path of the file.
    package var source: String
    /// Ranges of each family, after what touches has been put together.
    package var ipv4: Int
    package var ipv6: Int
    /// `programmed`, `pending`, or `unused` where no policy looks into it.
    package var state: String
    /// What keeps the file from being read anew, if anything does.
    package var detail: String?
    package var cause: String

    package init(
        name: String,
        source: String,
        ipv4: Int,
        ipv6: Int,
        state: String,
        detail: String?,
        cause: String
    ) {
        (self.name, self.source, self.ipv4, self.ipv6) = (name, source, ipv4, ipv6)
        (self.state, self.detail, self.cause) = (state, detail, cause)
    }
}
