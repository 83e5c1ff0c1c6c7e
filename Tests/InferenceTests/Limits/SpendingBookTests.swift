/// Does the book say what a list of all payments says?
import Chance
import Testing

@testable import Inference

@Suite struct SpendingBookTests {
    private static let payers = [SpendingBook.Payer(.key, "a"), .init(.key, "b"), .init(.team, "a")]
    private static let days = [20_261_029, 20_261_030, 20_261_031, 20_261_101, 20_261_102]

    /// Every payment, and from when on the newest gateway counts for whom.
    private struct SlowBook {
        var payments: [(part: SpendingBook.Part, gateway: Int)] = []
        var newest = 0
        /// How many payments there were when the newest gateway was first asked for a payer.
        var asked: [SpendingBook.Payer: Int] = [:]

        func sum(_ payer: SpendingBook.Payer, in period: Int, _ span: SpendingLimit.Span, own: Bool = false) -> UInt64 {
            payments.enumerated().reduce(0) { sum, entry in
                let (place, (part, gateway)) = entry
                guard part.payer == payer, span.period(of: part.day) == period else { return sum }
                guard !own || gateway == newest && place >= (asked[payer] ?? .max) else { return sum }
                return sum + part.picoDollars
            }
        }
    }

    @Test func itSaysWhatAListOfAllPaymentsSays() {
        var random = SeededGenerator(5)
        var (book, slow) = (SpendingBook(), SlowBook())
        var latest: [SpendingBook.Payer: Int] = [:]
        for step in 0..<4000 {
            // Days go on slowly, and rows come late now and then.
            let place = min(step / 900, Self.days.count - 1)
            let day = Self.days[max(0, place - (random.below(8) == 0 ? 1 : 0))]
            let payer = Self.payers[Int(random.below(3))]
            switch random.below(20) {
            case 0:
                book.beginGateway()
                (slow.newest, slow.asked) = (slow.newest + 1, [:])
            case 1...5:
                if slow.asked[payer] == nil { slow.asked[payer] = slow.payments.count }
                let use = book.elsewhere(payer)
                #expect(use?.day == latest[payer])
                guard let use else { continue }
                for (span, others) in [(SpendingLimit.Span.day, use.ofDay), (.month, use.ofMonth)] {
                    let period = span.period(of: use.day)
                    let all = slow.sum(payer, in: period, span)
                    #expect(book.paid(by: payer, per: span, on: use.day) == all)
                    #expect(others == all - slow.sum(payer, in: period, span, own: true), "\(step)")
                }
            default:
                let part = SpendingBook.Part(payer, day: day, picoDollars: random.below(1000))
                let isOwn = random.below(2) == 0
                book.add(part, isOwn: isOwn)
                slow.payments.append((part, isOwn ? slow.newest : slow.newest - 1))
                latest[payer] = max(latest[payer] ?? 0, day)
            }
        }
        #expect(book.paid(by: Self.payers[0], per: .month, on: 20_261_201) == 0)
    }

    @Test func aRowIsPaidByItsKeyAndItsTeamOnItsOwnDay() {
        var rows: [LedgerRow] = []
        for (second, key, team, cost) in [(5, "a", "t", 7), (86_400, "a", "", 11), (6, "b", "t", 0), (7, "", "t", 2)] {
            rows.append(
                LedgerRow(
                    at: UInt64(second) * 1_000_000,
                    input: 0,
                    output: 0,
                    picoDollars: UInt64(cost),
                    key: key,
                    team: team,
                    model: "m",
                    provider: "p"
                )
            )
        }
        let parts = SpendingBook.parts(of: rows) { CalendarDay(second: $0).date }
        #expect(
            parts == [
                .init(.init(.key, "a"), day: 19_700_101, picoDollars: 7),
                .init(.init(.key, "a"), day: 19_700_102, picoDollars: 11),
                .init(.init(.team, "t"), day: 19_700_101, picoDollars: 9),
            ]
        )
    }

    @Test func sumsStayNumbersWhateverIsReported() {
        var book = SpendingBook()
        for _ in 0..<3 { book.add(.init(Self.payers[0], day: 20_261_101, picoDollars: .max), isOwn: false) }
        #expect(book.paid(by: Self.payers[0], per: .day, on: 20_261_101) == .max)
    }
}
