/// How does a pure reader of the configuration get at the long lists that the configuration keeps in files of their own? Somebody who may
/// open files hands it a function.

/// Gives the bytes of a list by its path, or throws why it cannot.
package typealias ListContents = (_ path: String) throws(UnreadableList) -> [UInt8]

/// Why a list cannot be read, in the system's words.
package struct UnreadableList: Error, Hashable, Sendable {
    package let words: String

    package init(words: String) { self.words = words }
}
