/// Which names the files define, rightly or wrongly: a reference to something that is there but wrong is no second error.
import ConfigSyntax

struct DeclaredNames {
    private let root: Node

    init(_ root: Node) { self.root = root }

    /// The keys of the map at this path; empty when there is none.
    func names(_ path: String...) -> [String] {
        var node: Node? = root
        for key in path { node = node?.entries.first { $0.key.value == key }?.value }
        return node?.entries.map(\.key.value) ?? []
    }
}

extension Node {
    fileprivate var entries: [Entry] {
        if case .map(let entries) = kind { return entries }
        return []
    }
}
