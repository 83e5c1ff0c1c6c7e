/// Reads the lists that a configuration keeps in files of their own.
package import ConfigSyntax

package enum ListFile {
    /// The largest list that is read: some 16 million IPv6 prefixes, one a line.
    private static let largest = 512 << 20

    /// The bytes of the file.
    package static func contents(of path: String) throws(UnreadableList) -> [UInt8] {
        do throws(FileReading.Refusal) {
            let bytes = try FileReading.contents(of: path, limit: largest)
            guard bytes.count <= largest else { throw FileReading.Refusal("larger than \(largest >> 20) MiB") }
            return bytes
        } catch {
            throw UnreadableList(words: error.words)
        }
    }
}
