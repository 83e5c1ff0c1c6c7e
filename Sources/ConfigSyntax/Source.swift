/// Where a configured value was written.
///
/// A place is small, because every value carries one; `SourceMap` turns it into a file name and the line itself.
package struct Place: Hashable, Sendable, Comparable, Codable {
    /// Index into `SourceMap.files`.
    package let file: UInt16
    /// 1-based line; 0 when the file as a whole is meant.
    package let line: UInt32
    /// 1-based column, counted in Unicode scalars.
    package let column: UInt32

    package init(file: UInt16, line: UInt32, column: UInt32) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// A file as a whole: it cannot be read, or is missing something.
    package static func wholeFile(_ file: UInt16) -> Place { Place(file: file, line: 0, column: 0) }

    /// The place `count` scalars further right on the same line.
    package func advanced(by count: Int) -> Place {
        Place(file: file, line: line, column: UInt32(clamping: Int(column) + count))
    }

    package static func < (a: Place, b: Place) -> Bool {
        (a.file, a.line, a.column) < (b.file, b.line, b.column)
    }
}

/// A value together with the place it was written at.
package struct Located<Value> {
    package var value: Value
    package let place: Place

    package init(_ value: Value, at place: Place) {
        self.value = value
        self.place = place
    }

    /// The same place with another value.
    package func map<Other>(_ transform: (Value) -> Other) -> Located<Other> {
        Located<Other>(transform(value), at: place)
    }
}

extension Located: Sendable where Value: Sendable {}
extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
extension Located: Codable where Value: Codable {}

/// One configuration file as text.
package struct SourceFile: Sendable, Hashable {
    /// The name as the operator gave it.
    package let name: String
    /// Lines without their line ends; none of a file too long to keep.
    package let lines: [String]
    /// Of a file too long to keep: the lines that something is to be said about.
    private var excerpts: [Int: String] = [:]

    package init(name: String, text: String) {
        self.name = name
        // By scalars: to Swift, "\r\n" is one character, and no "\n".
        lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0.last == "\r" ? $0.dropLast() : $0) }
    }

    /// A long file of which only these lines are kept, by their numbers from 1.
    package init(name: String, excerpts: [Int: String]) {
        (self.name, lines, self.excerpts) = (name, [], excerpts)
    }

    /// The line with this number from 1, if it was kept.
    func line(_ number: Int) -> String? {
        (1...max(lines.count, 1)).contains(number) && !lines.isEmpty ? lines[number - 1] : excerpts[number]
    }
}

/// The files of one configuration: turns places back into what the operator wrote.
package struct SourceMap: Sendable, Hashable {
    package private(set) var files: [SourceFile] = []

    package init() {}

    /// Adds a file and gives the number that places in it carry.
    package mutating func add(_ file: SourceFile) -> UInt16 {
        files.append(file)
        return UInt16(clamping: files.count - 1)
    }

    /// The line the place stands on, or nil when it lies outside the file.
    package func line(at place: Place) -> String? {
        guard Int(place.file) < files.count, place.line >= 1 else { return nil }
        return files[Int(place.file)].line(Int(place.line))
    }

    /// `martlet.yaml:14:9`, or the name alone for a file as a whole.
    package func describe(_ place: Place) -> String {
        place.line == 0 ? fileName(place) : "\(fileName(place)):\(place.line):\(place.column)"
    }

    /// `martlet.yaml:14`, the form of a cause line in plans and explanations.
    package func cause(_ place: Place) -> String {
        place.line == 0 ? fileName(place) : "\(fileName(place)):\(place.line)"
    }

    private func fileName(_ place: Place) -> String {
        Int(place.file) < files.count ? files[Int(place.file)].name : "?"
    }
}
