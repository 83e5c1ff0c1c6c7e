/// What was asked for on the command line of one of the lab's small programs? `--name value` pairs, nothing else.
package struct CommandOptions: Sendable {
    private var given: [(name: String, value: String)] = []

    /// A command line that cannot be understood.
    package struct Misuse: Error, Hashable, CustomStringConvertible {
        package var description: String

        package init(_ description: String) {
            self.description = description
        }
    }

    /// Reads `arguments`; a name that is not in `known` is refused.
    package init(_ arguments: some Sequence<String>, known: [String]) throws(Misuse) {
        var rest = arguments.makeIterator()
        while let name = rest.next() {
            guard known.contains(name) else {
                throw Misuse("unknown option \(name); known are \(known.joined(separator: " "))")
            }
            guard let value = rest.next() else { throw Misuse("\(name) needs a value") }
            given.append((name, value))
        }
    }

    /// Every value given under `name`, in order.
    package func values(_ name: String) -> [String] {
        given.filter { $0.name == name }.map(\.value)
    }

    /// The last value given under `name`.
    package func value(_ name: String) -> String? {
        values(name).last
    }

    /// The value of `name`, which must be there.
    package func required(_ name: String) throws(Misuse) -> String {
        guard let value = value(name) else { throw Misuse("\(name) is missing") }
        return value
    }

    /// The value of `name` as an integer within `range`, or `absent` when it is not given.
    package func integer(_ name: String, in range: ClosedRange<Int>, absent: Int) throws(Misuse) -> Int {
        guard let text = value(name) else { return absent }
        guard let value = Int(text), range.contains(value) else {
            throw Misuse("\(name) wants a whole number in \(range), not \(text)")
        }
        return value
    }
}
