import ConfigSyntax
import ConfigYAML
import Testing

@Suite struct YAMLDocumentTests {
    private func tree(_ text: String) -> ConfigTree { ConfigLoader.read(Array(text.utf8), name: "a.yaml") }

    /// All scalars of a tree; keys among them, as plain ones.
    private func scalars(_ node: Node, withKeys: Bool = true) -> [Node] {
        switch node.kind {
        case .scalar: [node]
        case .list(let items): items.flatMap { scalars($0, withKeys: withKeys) }
        case .map(let entries):
            entries.flatMap { entry in
                let key = Node(.scalar(entry.key.value, .plain), at: entry.key.place)
                return (withKeys ? [key] : []) + scalars(entry.value, withKeys: withKeys)
            }
        }
    }

    @Test func everyScalarStaysText() throws {
        let root = try #require(tree("a: no\nb: 010\nc: 1:30\nd: ~\ne: 0x10\nf: 2001-01-01\ng: .inf\n").root)
        let values = scalars(root).compactMap(\.text)
        #expect(values == ["a", "no", "b", "010", "c", "1:30", "d", "~", "e", "0x10", "f", "2001-01-01", "g", ".inf"])
    }

    @Test func placesAreLinesAndColumnsOfTheFile() throws {
        let root = try #require(tree("version: 1\nmap:\n  ключ: { x: 'y' }\n  list:\n    - a\n    - b\n").root)
        let places = scalars(root).map { "\($0.text ?? "")@\($0.place.line):\($0.place.column)" }
        #expect(
            places == [
                "version@1:1", "1@1:10", "map@2:1", "ключ@3:3", "x@3:11", "y@3:14", "list@4:3", "a@5:7", "b@6:7",
            ]
        )
    }

    /// Each character of a mappable condition must be found again where the mapping says it stands.
    @Test(arguments: [
        "a: src in 10.0.0.0/8 and x\n", "a: 'it''s and ''more'' of it'\n", "a: { b: 'x == \"y\"', c: z }\n",
        "a: |\n  first and\n    second or\n  third\n", "a: |-\n\n\n     deep and\n     deeper\n",
        "a:\n  - b: |+ # comment\n      x\n\n      y\n",
        "ä: 'ü and ö'\n", "a:   |   \n   x and\n\n   y\nb: z\n", "\"k\": plain text\r\nb: 'q''q'\r\n",
    ])
    func everyCharacterOfAConditionMapsBackIntoTheFile(_ text: String) throws {
        let tree = tree(text)
        let root = try #require(tree.root, "\(tree.errors)")
        var checked = 0
        for node in scalars(root, withKeys: false) {
            guard case .scalar(let value, let style) = node.kind, style != .doubleQuoted,
                let condition = ExpressionText.read(node, what: "x", into: Diagnostics())
            else { continue }
            for (offset, scalar) in value.unicodeScalars.enumerated() where scalar != "\n" {
                let place = condition.place(of: offset)
                let line = Array(try #require(tree.sources.line(at: place)).unicodeScalars)
                let column = Int(place.column) - 1
                #expect(column < line.count && line[column] == scalar, "\(offset) of '\(value)' at \(place)")
                checked += 1
            }
        }
        #expect(checked > 1)
    }

    @Test(arguments: ["a: \"x\"\n", "a: >\n  x\n  y\n", "a: x\n  y\n", "a: 'x\n  y'\n", "a: |2\n    x\n"])
    func otherStylesAreRefusedAsConditions(_ text: String) throws {
        let root = try #require(tree(text).root)
        let value = try #require(scalars(root).last)
        let diagnostics = Diagnostics()
        #expect(ExpressionText.read(value, what: "a", into: diagnostics) == nil)
        #expect(diagnostics.errors.count == 1)
    }

    @Test(arguments: [
        "a: &x 1\n", "a: *x\n", "a: &x {}\nb: *x\n", "<<: {}\n", "a: !!str 1\n", "a: !x y\n", "! a: 1\n",
        "%YAML 1.2\n---\na: 1\n",
        "a: 1\n---\nb: 2\n", "a: 1\n...\n---\n", "? [x]\n: y\n", "? {x: y}\n: z\n", "a: [\n", "a: }\n", "a: 'x\n",
        "a\tb: c\n",
        "\u{FEFF}a: b\n", "a: b\u{85}c: d\n", "a: b\rc: d\n", "a: b\r", "a: \u{7}\n", "a: @b\n", "a: %b\n",
        "- a\nb: c\n",
    ])
    func whatWeDoNotReadIsAnErrorWithAPlaceAndNoTree(_ text: String) {
        let tree = tree(text)
        #expect(tree.root == nil)
        #expect(!tree.errors.isEmpty)
        #expect(tree.errors.allSatisfy { $0.place.line >= 1 && $0.place.column >= 1 })
    }

    @Test func aDuplicateKeyIsAnErrorAndTheTreeIsReadOn() throws {
        let tree = tree("a: 1\nb: 2\na: 3\n\"a\": 4\n")
        #expect(tree.errors.map(\.place.line) == [3, 4] && tree.errors.allSatisfy { $0.related?.line == 1 })
        #expect(scalars(try #require(tree.root)).compactMap(\.text) == ["a", "1", "b", "2"])
    }

    @Test(arguments: ["", "\n", "# only a comment\n", "---\n", "---\n...\n"])
    func anEmptyFileIsAnEmptyMap(_ text: String) {
        let tree = tree(text)
        #expect(tree.root?.kind == .map([]), "\(tree.errors)")
    }

    @Test func nestingIsBounded() {
        for (open, close) in [("[", "]"), ("{a: ", "}")] {
            for depth in [40, 2000, 100_000] {
                let text = String(repeating: open, count: depth) + String(repeating: close, count: depth)
                #expect(tree(text).root == nil)
            }
        }
        let blocks = (0..<200).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(tree(blocks).root == nil)
    }

    @Test func multiplyingAliasesCostNothing() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
        }
        #expect(tree(text).root == nil)
    }

    @Test func whatIsNotUTF8HasAPlace() {
        for bytes: [UInt8] in [
            [0x61, 0x0A, 0x62, 0xFF], [0x61, 0x0A, 0x62, 0xC3], [0x61, 0x0A, 0x62, 0xED, 0xA0, 0x80],
        ] {
            let errors = ConfigLoader.read(bytes, name: "x").errors
            #expect(errors.map(\.place) == [Place(file: 0, line: 2, column: 2)])
        }
    }

    @Test func aFileAboveTheLimitIsRefused() {
        let tree = ConfigLoader.read([UInt8](repeating: 0x20, count: 4 << 20 + 1), name: "x")
        #expect(tree.root == nil && tree.errors.count == 1)
    }
}
