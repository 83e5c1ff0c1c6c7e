/// What a probe definition means in one scope, and that its bounds hold wherever it comes from.
import ConfigSyntax
import Foundation
import NetTypes
import PolicyEngine
import Testing

@testable import Liveness

struct ProbePlanTests {
    private static func definition(_ targets: [String], need: Int) throws -> ProbeDefinition {
        let place = Place(file: 0, line: 1, column: 1)
        return ProbeDefinition(
            name: Located("internet", at: place),
            kind: .icmp(targets: try targets.map { Located(.address(try address($0)), at: place) }),
            need: need,
            interval: .milliseconds(200),
            timeout: .milliseconds(150),
            hysteresis: Hysteresis(downAfter: 3, upAfter: 3),
            place: place
        )
    }

    @Test func eachScopeAsksTheTargetsOfItsFamily() throws {
        let both = try Self.definition(["192.0.2.53", "2001:db8::53", "198.51.100.53"], need: 2)
        let targets = { (scope: HealthScope) in ProbePlan(both, in: scope)?.targets.map(\.description) }
        #expect(targets(.v4) == ["192.0.2.53", "198.51.100.53"])
        #expect(targets(.v6) == ["2001:db8::53"])
        #expect(targets(.any) == ["192.0.2.53", "2001:db8::53", "198.51.100.53"])
        #expect(ProbePlan(both, in: .v6)?.need == 1, "no more can be needed than there are")
    }

    @Test func aFamilyWithoutTargetIsNotProbed() throws {
        #expect(ProbePlan(try Self.definition(["192.0.2.53"], need: 1), in: .v6) == nil)
    }

    @Test(arguments: [
        (
            #"{"question":{"echo":{}},"rounds":32,"targets":["192.0.2.1"],"need":0,"interval":0,"timeout":-5}"#, 1,
            Int64(10), Int64(1)
        ),
        (
            #"{"question":{"echo":{}},"rounds":32,"targets":["192.0.2.1"],"need":9,"interval":20000000,"timeout":90000000}"#,
            1, 20, 20
        ),
    ])
    func aRecordedPlanIsBroughtIntoBounds(json: String, need: Int, interval: Int64, timeout: Int64) throws {
        let plan = try JSONDecoder().decode(ProbePlan.self, from: Data(json.utf8))
        #expect(plan.need == need)
        #expect(plan.interval == .milliseconds(interval) && plan.timeout == .milliseconds(timeout))
        #expect(try JSONDecoder().decode(ProbePlan.self, from: JSONEncoder().encode(plan)) == plan)
    }

    @Test func aRecordedPlanWithoutTargetsIsRefused() {
        let json = #"{"question":{"echo":{}},"rounds":32,"targets":[],"need":1,"interval":1,"timeout":1}"#
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(ProbePlan.self, from: Data(json.utf8)) }
    }
}
