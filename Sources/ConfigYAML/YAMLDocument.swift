/// What one YAML text says as a tree of nodes, read strictly: one document of maps, lists and text, without anchors, aliases,
/// merge keys, tags, directives and duplicate keys.
package import ConfigSyntax

package enum YAMLDocument {
    /// Maps and lists inside one another. The format needs eight.
    package static let deepestNesting = 32

    /// Reads the bytes of file number `file`. Gives nil after a fault that leaves the tree unknown; an empty file is an empty map.
    /// Everything that is wrong is reported.
    package static func read(_ bytes: [UInt8], file: UInt16, into diagnostics: Diagnostics) -> Node? {
        guard let text = PlainText.read(bytes, file: file, into: diagnostics) else { return nil }
        return bytes.withUnsafeBufferPointer { buffer in
            guard let events = YAMLEvents(buffer) else {
                diagnostics.report("no memory to read the file", at: .wholeFile(file))
                return nil
            }
            let builder = NodeBuilder(events, lines: SourceFile(name: "", text: text).lines, file: file, diagnostics)
            return builder.document()
        }
    }
}

/// Turns the events of one text into nodes.
private final class NodeBuilder {
    private let events: YAMLEvents
    private let lines: [String]
    private let file: UInt16
    private let diagnostics: Diagnostics
    /// Whether something was found whose meaning we refuse to guess, so that the tree must not be read on.
    private var isSpoiled = false

    init(_ events: YAMLEvents, lines: [String], file: UInt16, _ diagnostics: Diagnostics) {
        self.events = events
        self.lines = lines
        self.file = file
        self.diagnostics = diagnostics
    }

    func document() -> Node? {
        do {
            let root = try wholeStream()
            return isSpoiled ? nil : root
        } catch {
            report(error)
            return nil
        }
    }

    private func wholeStream() throws(YAMLRefusal) -> Node {
        var root = Node(.map([]), at: Place(file: file, line: 1, column: 1))
        var documents = 0
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd: return root
            case .streamStart, .documentEnd: continue
            case .documentStart(let hasDirectives):
                documents += 1
                if hasDirectives { spoil("YAML directives are not allowed", event) }
                if documents == 2 {
                    spoil("a second document is not allowed", event, hint: "put it into a file of its own")
                }
            case .alias, .scalar, .listStart, .listEnd, .mapStart, .mapEnd:
                let node = try node(from: event, depth: 1)
                if documents == 1 { root = node.isEmptyText ? root : node }
            }
        }
    }

    private func node(from event: YAMLEvent, depth: Int) throws(YAMLRefusal) -> Node {
        if event.hasAnchor { spoil("anchors are not allowed", event, hint: "write the value where it is needed") }
        if let tag = event.tag {
            spoil("the tag '\(Self.shown(tag))' is not allowed", event, hint: "types come from the key alone")
        }
        if depth > YAMLDocument.deepestNesting {
            throw YAMLRefusal(
                problem: "nested more than \(YAMLDocument.deepestNesting) deep",
                mark: event.start,
                context: nil,
                contextMark: event.start
            )
        }
        let place = place(event.start)
        switch event.kind {
        case .scalar(let text, let style): return Node(.scalar(text, shown(style, event)), at: place)
        case .listStart: return Node(.list(try items(depth: depth)), at: place)
        case .mapStart: return Node(.map(try entries(depth: depth)), at: place)
        case .alias:
            spoil("aliases are not allowed", event, hint: "write the value where it is needed")
            return Node(.scalar("", .plain), at: place)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .listEnd, .mapEnd:
            return Node(.scalar("", .plain), at: place)
        }
    }

    private func items(depth: Int) throws(YAMLRefusal) -> [Node] {
        var items: [Node] = []
        while true {
            let event = try events.next()
            if case .listEnd = event.kind { return items }
            items.append(try node(from: event, depth: depth + 1))
        }
    }

    private func entries(depth: Int) throws(YAMLRefusal) -> [Node.Entry] {
        var entries: [Node.Entry] = []
        var first: [String: Place] = [:]
        while true {
            let event = try events.next()
            if case .mapEnd = event.kind { return entries }
            let key = try node(from: event, depth: depth + 1)
            let value = try node(from: try events.next(), depth: depth + 1)
            guard let name = key.text else {
                spoil("a key must be text", event)
                continue
            }
            if name == "<<", case .scalar(_, .plain) = key.kind {
                spoil("merge keys are not allowed", event, hint: "write the values where they are needed")
            } else if let earlier = first[name] {
                diagnostics.report("'\(name)' is here twice", at: key.place, related: earlier)
            } else {
                first[name] = key.place
                entries.append(Node.Entry(key: Located(name, at: key.place), value: value))
            }
        }
    }

    // MARK: - Places and styles

    private func place(_ mark: YAMLMark) -> Place {
        Place(file: file, line: UInt32(clamping: mark.line + 1), column: UInt32(clamping: mark.column + 1))
    }

    private func shown(_ style: YAMLScalarStyle, _ event: YAMLEvent) -> ScalarStyle {
        let isOneLine = event.start.line == event.end.line
        switch style {
        case .plain: return isOneLine ? .plain : .folded
        case .singleQuoted: return isOneLine ? .singleQuoted : .folded
        case .doubleQuoted: return .doubleQuoted
        case .folded: return .folded
        case .literal: return literal(event)
        }
    }

    /// Where a literal block's content begins; a block with an indentation indicator (`|2`) is treated as unmappable.
    private func literal(_ event: YAMLEvent) -> ScalarStyle {
        guard event.start.line < lines.count else { return .folded }
        let header = lines[event.start.line].unicodeScalars.dropFirst(event.start.column)
        guard !header.prefix(while: { $0 != "#" }).contains(where: { ("0"..."9").contains($0) }) else { return .folded }
        let content = lines[(event.start.line + 1)...].first { !$0.allSatisfy { $0 == " " } }
        let indent = content.map { $0.prefix { $0 == " " }.count } ?? 0
        return .literal(firstLine: UInt32(clamping: event.start.line + 2), indent: UInt32(clamping: indent))
    }

    // MARK: - Errors

    private func spoil(_ message: String, _ event: YAMLEvent, hint: String? = nil) {
        isSpoiled = true
        diagnostics.report(message, at: place(event.start), hint: hint)
    }

    private func report(_ refusal: YAMLRefusal) {
        var message = refusal.problem
        if let context = refusal.context { message += " \(context)" }
        let begun = place(refusal.contextMark)
        let at = place(refusal.mark)
        diagnostics.report(
            "not YAML: " + message,
            at: at,
            hint: Self.hint(for: refusal.problem),
            related: refusal.context != nil && begun.line != at.line ? begun : nil
        )
    }

    /// A tag as it was most likely written: libyaml has put the namespace in place of `!!`.
    private static func shown(_ tag: String) -> String {
        let namespace = "tag:yaml.org,2002:"
        return tag.hasPrefix(namespace) ? "!!" + tag.dropFirst(namespace.count) : tag
    }

    /// What libyaml's words mostly mean.
    private static func hint(for problem: String) -> String? {
        switch problem {
        case "mapping values are not allowed in this context":
            "is the line above complete, and is this one indented right?"
        case "did not find expected key", "did not find expected '-' indicator":
            "is this line indented like its neighbours?"
        case "could not find expected ':'": "is there a ':' and a space after the key?"
        case "found character that cannot start any token": "quote values that start with @, ` or %"
        default: nil
        }
    }
}
