/// Fuzzes everything between a file's bytes and a checked configuration: no input may stop the process.
///
/// Built with `-sanitize=fuzzer,address -parse-as-library`. Whatever comes out must render, because that is what an operator sees.
import ConfigModel
import ConfigSyntax
import ConfigYAML

/// libFuzzer's entry: always 0, or the process ends.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzYAML(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let checked = Configuration.check(ConfigLoader.read(bytes, name: "fuzz.yaml"))
    for diagnostic in checked.errors + checked.unserved {
        precondition(!diagnostic.rendered(with: checked.sources).isEmpty)
    }
    precondition((checked.configuration == nil) == !checked.errors.isEmpty)
    return 0
}
