/// Which of our own routes would a packet take? Asked where the kernel's answer names another one.
package import NetTypes

extension Wish {
    /// The route in `table` that carries a packet to `destination`: the longest prefix, of those the best metric. Nil when there is none.
    package func route(to destination: IPAddress, in table: UInt32) -> Wished<Route>? {
        routes
            .filter { $0.object.key.table == table && $0.object.key.prefix.contains(destination) }
            .min { left, right in
                let (a, b) = (left.object.key, right.object.key)
                return a.prefix.length != b.prefix.length ? a.prefix.length > b.prefix.length : a.metric < b.metric
            }
    }
}
