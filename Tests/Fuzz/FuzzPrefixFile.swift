/// Fuzzes files of prefixes: no bytes may stop the process, every fault points into its line, and what was read reads back the same.
import Forwarding
import NetTypes

/// libFuzzer's entry: always 0, or the process ends.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPrefixFile(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let file = PrefixFile(bytes)
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for fault in file.faults {
        precondition((1...lines.count).contains(fault.line))
        precondition((1...lines[fault.line - 1].count + 1).contains(fault.column))
    }
    let prefixes = AddressFamily.allCases.flatMap { file.list.prefixes($0) }
    precondition(prefixes.count + file.duplicates + file.faultCount <= lines.count)
    for prefix in prefixes { precondition((try? IPPrefix(parsing: prefix.description)) == prefix && prefix.length > 0) }
    let again = PrefixFile(Array(prefixes.map(\.description).joined(separator: "\n").utf8))
    precondition(again.list == file.list && again.faultCount == 0 && again.duplicates == 0)
    return 0
}
