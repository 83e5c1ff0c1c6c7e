import NetTypes
import Testing

@Suite struct TimeTests {
    @Test(arguments: [
        (Int64(0), "0us"), (999, "0us"), (1000, "1us"), (80_000, "80us"), (1_000_000, "1ms"), (1_500_000, "1.5ms"),
        (150_000_000, "150ms"), (1_000_000_000, "1s"), (1_500_000_000, "1.5s"), (90_000_000_000, "90s"),
        (1_000_001_000, "1.000001s"), (-1_500_000_000, "-1.5s"),
    ])
    func spansPrintInTheLargestExactUnit(_ nanoseconds: Int64, _ text: String) {
        #expect(Span(nanoseconds: nanoseconds).description == text)
    }

    @Test func spansAndInstantsSaturate() {
        #expect(Span.seconds(.max).nanoseconds == .max && Span.seconds(.min).nanoseconds == .min)
        #expect(Span.milliseconds(.max) + .seconds(1) == Span(nanoseconds: .max))
        #expect(Span(nanoseconds: .min) + Span(nanoseconds: -1) == Span(nanoseconds: .min))
        #expect(Instant(nanoseconds: .max) + .seconds(1) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: 5) - Instant(nanoseconds: 9) == .zero)
        #expect(Instant(nanoseconds: .max) - Instant(nanoseconds: 0) == Span(nanoseconds: .max))
        #expect((Instant(nanoseconds: 5) + Span(nanoseconds: -9)).nanoseconds == 5)
    }
}

@Suite struct MarkTests {
    @Test func marksStayInsideTheMask() {
        let mask = MarkMask(bits: 0xFF00_0000)
        #expect(mask.capacity == 127)
        #expect(mask.mark(1) == Mark(0x0100_0000) && mask.mark(127) == Mark(0x7F00_0000))
        #expect(mask.arrival == 0x8000_0000 && mask.path.bits == 0x7F00_0000)
        #expect(mask.mark(0) == nil && mask.mark(128) == nil && mask.mark(.min) == nil && mask.mark(.max) == nil)
    }

    @Test func theEmptyAndTheFullMaskDoNotTrap() {
        for bits: UInt32 in [0, 1] {
            #expect(MarkMask(bits: bits).capacity == 0 && MarkMask(bits: bits).mark(1) == nil)
        }
        #expect(MarkMask(bits: 0).arrival == 0)
        let full = MarkMask(bits: .max)
        #expect(full.capacity == 0x7FFF_FFFF && full.mark(0x7FFF_FFFF) == Mark(0x7FFF_FFFF))
    }
}

@Suite struct KeyedHashTests {
    /// The reference implementation's vectors for SipHash-2-4 with key 00…0f and messages 00, 00 01, … (Aumasson, Bernstein,
    /// appendix A, and `vectors_sip64` of the reference code).
    @Test(arguments: [
        (0, 0x726F_DB47_DD0E_0E31 as UInt64), (1, 0x74F8_39C5_93DC_67FD), (2, 0x0D6C_8009_D9A9_4F5A),
        (3, 0x8567_6696_D7FB_7E2D), (4, 0xCF27_94E0_2771_87B7), (5, 0x1876_5564_CD99_A68D), (6, 0xCBC9_466E_58FE_E3CE),
        (7, 0xAB02_00F5_8B01_D137), (8, 0x93F5_F579_9A93_2462), (15, 0xA129_CA61_49BE_45E5),
    ])
    func theHashIsSipHash24(_ length: Int, _ expected: UInt64) {
        let hash = KeyedHash(key0: 0x0706_0504_0302_0100, key1: 0x0F0E_0D0C_0B0A_0908)
        #expect(hash.hash((0..<length).map { UInt8($0) }) == expected)
    }

    @Test func twoWordsHashLikeTheirSixteenBytes() {
        let hash = KeyedHash(key0: 1, key1: 2)
        let words: [UInt64] = [0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210]
        let bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) } }
        #expect(hash.hash(words[0], words[1]) == hash.hash(bytes))
        #expect(hash.hash("abc") == hash.hash([0x61, 0x62, 0x63]))
        #expect(hash.hash("abc") != KeyedHash(key0: 1, key1: 3).hash("abc"))
    }
}
