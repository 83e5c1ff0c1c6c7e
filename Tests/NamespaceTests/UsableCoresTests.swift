/// How many loops does the gateway get where the daemon may run on some cores only?
import CShim
import CTestShim
import Testing

@Suite struct UsableCoresTests {
    /// `taskset` and CPUAffinity= narrow what the daemon was started with in the same way.
    @Test func whoIsKeptOnOneProcessorHasOneCore() throws {
        let before = martlet_usable_cores()
        try #require(before >= 1)
        try #require(ctest_keep_processor(1) == 0)
        let kept = martlet_usable_cores()
        #expect(ctest_keep_processor(0) == 0)
        #expect(kept == 1)
        #expect(martlet_usable_cores() >= before)
    }
}
