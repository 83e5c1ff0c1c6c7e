/// The configurations of Tests/Fixtures: a file each, or a folder with `martlet.yaml` and `conf.d`.
import Glibc
import Testing

struct Fixture: Sendable, CustomTestStringConvertible {
    let path: String
    var testDescription: String { String(path.dropFirst(Self.folder.count + 1)) }

    private static let folder: String = {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        return "/\(tests)/Fixtures/config"
    }()

    static func all(in kind: String) -> [Fixture] {
        let place = "\(folder)/\(kind)"
        return names(in: place).compactMap { name in
            if name.hasSuffix(".yaml") { return Fixture(path: "\(place)/\(name)") }
            let isFolder = !name.contains(".")
            return isFolder ? Fixture(path: "\(place)/\(name)/martlet.yaml") : nil
        }
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    static func text(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &buffer, buffer.count)
        try #require(count >= 0)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
