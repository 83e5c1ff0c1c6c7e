import Testing

@testable import ConfigSyntax

@Suite struct ScalarTests {
    /// What a text is read as: nil for refused, with the reason per row.
    struct Row<Value: Sendable>: Sendable, CustomStringConvertible {
        let text: String
        let value: Value?
        let why: String
        var description: String { "'\(text)': \(why)" }

        init(_ text: String, _ value: Value?, _ why: String) {
            self.text = text
            self.value = value
            self.why = why
        }
    }

    @Test(arguments: [
        Row<Int128>("1 USD", 1_000_000_000_000, "a dollar is 10^12"),
        Row("0.50 USD", 500_000_000_000, "exact, no binary fraction"),
        Row("0.000000000001 USD", 1, "one pico-dollar"),
        Row("0.0000000000001 USD", nil, "finer than a pico-dollar"),
        Row("1USD", 1_000_000_000_000, "the space is optional"),
        Row("1", nil, "no currency"),
        Row("1 EUR", nil, "another currency"),
        Row("-1 USD", nil, "no negative prices"),
        Row("1. USD", nil, "a point needs digits"),
        Row(".5 USD", nil, "a point needs digits before it"),
        Row("01 USD", nil, "leading zero"),
        Row("1,000 USD", nil, "no separators"),
        Row("1e3 USD", nil, "no exponents"),
        Row("1000000000000 USD", 1_000_000_000_000_000_000_000_000, "the largest"),
        Row("1000000000001 USD", nil, "above the largest"),
        Row("99999999999999999999999999999999999999999 USD", nil, "overflows 128 bits and must not trap"),
        Row("", nil, "empty"),
    ])
    func moneyIsReadExactly(_ row: Row<Int128>) {
        #expect((try? Money.parse(row.text))?.picoDollars == row.value)
    }

    @Test(arguments: ["0.50 USD", "1.00 USD", "0.000000000001 USD", "123456.78 USD"])
    func moneyPrintsWhatItReads(_ text: String) throws {
        #expect(try Money.parse(text).description == text)
    }

    @Test(arguments: [
        Row<UInt64>("64 KiB", 65536, "binary"),
        Row("64KiB", 65536, "without the space"),
        Row("50 GB", 50_000_000_000, "decimal"),
        Row("1.5 MB", 1_500_000, "fractions that are whole bytes"),
        Row("0.5 B", nil, "half a byte"),
        Row("1 kb", nil, "no such unit"),
        Row("64", nil, "no unit"),
        Row("18446744073709551615 B", .max, "the largest"),
        Row("18446744073709551616 B", nil, "one more"),
        Row("99999999999999999999999999 TiB", nil, "overflows and must not trap"),
    ])
    func sizesAreReadExactly(_ row: Row<UInt64>) {
        #expect((try? ByteSize.parse(row.text))?.bytes == row.value)
    }

    @Test func ratesBudgetsCostsAndAllowancesShareOneForm() throws {
        #expect(try Rate.parse("20 req/s") == Rate(Count(value: 20, unit: .requests), per: .second))
        #expect(try Rate.parse("400000/min") == Rate(Count(value: 400_000, unit: nil), per: .minute))
        #expect(try Budget.parse("20 USD/day").amount.picoDollars == 20_000_000_000_000)
        #expect(try RequestCost.parse("0.01 USD/req").unit == .request)
        #expect(try DataCost.parse("4.00 USD/GB").unit == .GB)
        #expect(try Allowance.parse("50 GB/month") == Allowance(ByteSize(bytes: 50_000_000_000), per: .month))
    }

    @Test(arguments: [
        "20", "20/", "/s", "20/s/s", "20 cats/s", "20 req/sec", "-20/s", "1.5/s", "99999999999999999999/s",
    ])
    func badRatesAreRefused(_ text: String) {
        #expect(throws: ScalarError.self) { try Rate.parse(text) }
    }

    @Test(arguments: [
        Row<UInt32>("0", 0, "the least"), Row("1", 1_000_000, "the most"), Row("0.62", 620_000, "two digits"),
        Row("1.000001", nil, "above one"), Row("0.1234567", nil, "seven digits"), Row("-0.1", nil, "below zero"),
        Row("1.0", 1_000_000, "one with a point"),
    ])
    func fractionsAreFixedPoint(_ row: Row<UInt32>) {
        #expect((try? Fraction.parse(row.text))?.millionths == row.value)
    }

    @Test(arguments: [
        Row("0", 0, "zero"), Row("-5", -5, "negative"), Row("010", nil, "octal to some"),
        Row("1_000", nil, "separators"),
        Row("+1", nil, "a sign that says nothing"), Row("9223372036854775808", nil, "too large"),
        Row("-", nil, "no digits"),
        Row("0x10", nil, "hexadecimal"), Row("١", nil, "digits of another script"),
    ])
    func wholeNumbersAreStrict(_ row: Row<Int>) {
        #expect((try? Int.parse(row.text)) == row.value)
    }

    @Test(arguments: ["yes", "no", "on", "off", "True", "TRUE", "1", "~"])
    func yamlsOtherTruthsAreNone(_ text: String) {
        #expect(throws: ScalarError.self) { try Bool.parse(text) }
    }
}
