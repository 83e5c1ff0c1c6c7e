/// Are numbers stable, unique, and never a stranger's?
import ConfigSyntax
import NetTypes
import Testing

@testable import Forwarding

@Suite struct NumberingTests {
    private func numbering(_ capacity: Int) -> Numbering {
        Numbering(capacity: capacity, hash: KeyedHash(key0: 1, key1: 2))
    }

    private func numbers(_ numbering: Numbering, _ names: [String]) -> [Int] { names.compactMap(numbering.number) }

    @Test func numbersStayWhenOthersComeAndGo() {
        var numbering = numbering(64)
        let names = (0..<20).map { "n\($0)" }
        let left1 = numbering.assign(names)
        #expect(left1.isEmpty)
        let before = numbers(numbering, names)
        #expect(Set(before).count == 20 && before.allSatisfy { (0..<64).contains($0) })
        let left2 = numbering.assign(names.reversed() + ["x", "y"])
        #expect(left2.isEmpty)
        #expect(numbers(numbering, names) == before)
        _ = numbering.assign(Array(names.prefix(5)))
        #expect(numbers(numbering, Array(names.prefix(5))) == Array(before.prefix(5)))
        #expect(numbering.number(of: "n6") == nil)
    }

    @Test func theOrderOfTheFileDoesNotMatter() {
        var (one, other) = (numbering(16), numbering(16))
        let names = (0..<16).map { "n\($0)" }
        _ = one.assign(names)
        _ = other.assign(names.reversed())
        #expect(numbers(one, names) == numbers(other, names))
    }

    @Test func aFullWindowNamesWhatIsLeftOver() {
        var numbering = numbering(4)
        let left3 = numbering.assign(["a", "b", "c", "d", "e", "f"])
        #expect(left3.count == 2)
        #expect(self.numbering(0).capacity == 0)
        var none = self.numbering(0)
        let left4 = none.assign(["a"])
        #expect(left4 == ["a"])
    }

    @Test func aFreedNumberIsNotGivenOutInTheSameCall() {
        var numbering = numbering(1)
        let left5 = numbering.assign(["a"])
        #expect(left5.isEmpty)
        let left6 = numbering.assign(["b"])
        #expect(left6 == ["b"])
        let left7 = numbering.assign(["b"])
        #expect(left7.isEmpty)
    }

    @Test func strangersNumbersArePassedOver() {
        var numbering = numbering(8)
        let left8 = numbering.assign(["a", "b", "c"]) { $0 != 3 && $0 != 5 }
        #expect(left8.count == 1)
        #expect(Set(numbers(numbering, ["a", "b", "c"])) == [3, 5])
    }

    @Test func theNarrowestOfMarksTablesAndPreferencesDecides() {
        let window = OwnershipWindow(
            routeProtocol: 219,
            metric: 77,
            nexthopIDs: 1...1000,
            rulePreferences: 7000...7015,
            tables: 7000...7999,
            markMask: MarkMask(bits: 0xFF00_0000),
            tableName: "martlet"
        )
        let members = (0..<5).map { Networks.member("m\($0)", dev: "eth0") }
        let configuration = Networks.configuration([Networks.group("g", members)], window: window)
        var numbers = Numbers(window: window)
        let left9 = numbers.assign(configuration, view: KernelView(window: window))
        #expect(left9.count == 2)
        let paths = members.compactMap { numbers.path("g.\($0.name.value)") }
        #expect(Set(paths.map(\.preference)) == [7001, 7002, 7003])
        #expect(paths.allSatisfy { $0.mark.value & ~window.markMask.bits == 0 && $0.mark.value != 0 })
    }
}
