/// How a group's `flows` is read: a word, or a map that says more about it.
import ConfigSyntax
import NetTypes
import PolicyEngine

struct FlowsReader {
    private let block: BlockReader
    private var diagnostics: Diagnostics { block.diagnostics }
    private var path: String { "\(block.path).flows" }

    /// - Parameter block: the group's.
    init(_ block: BlockReader) { self.block = block }

    /// What holds flows to members, and the table of buckets where that is one.
    func read() -> (flows: Flows, buckets: Buckets?) {
        guard let node = block.node("flows"), case .map = node.kind else {
            let flows = block.optional("flows", as: Flows.self)?.value ?? .hash
            return (flows, flows == .resilient ? .standard : nil)
        }
        let map = BlockReader(node, path: path, into: diagnostics)
        defer { map.finish() }
        guard let resilient = map.block("resilient") else {
            if !map.has("resilient") {
                diagnostics.report(
                    "'\(path)' says nothing of how flows are held",
                    at: node.place,
                    hint: "write resilient:"
                )
            }
            return (.hash, nil)
        }
        return (.resilient, buckets(resilient))
    }

    private func buckets(_ block: BlockReader) -> Buckets {
        defer { block.finish() }
        let standard = Buckets.standard
        return Buckets(
            count: UInt16(
                clamping: block.integer("buckets", default: Int(standard.count), within: 1...Int(UInt16.max))
            ),
            idle: time("idle", default: standard.idle, from: Buckets.grain, block),
            unbalanced: time("unbalanced", default: standard.unbalanced, from: .zero, block)
        )
    }

    private func time(_ key: String, default standard: Span, from least: Span, _ block: BlockReader) -> Span {
        let found = block.span(key, default: standard, within: least...Self.longest)
        guard found.nanoseconds % Buckets.grain.nanoseconds == 0 else {
            block.report("must be in whole tenths of a second", key: key)
            return standard
        }
        return found
    }

    /// A day: whatever is idle for longer is over.
    private static let longest = Span.seconds(86_400)
}
