import Testing

@testable import Wire

/// What may be written into a head, and what would be more than a field?
struct HTTPFieldTests {
    @Test(arguments: [
        ("X-A", "b", true), ("", "b", false), ("A b", "c", false), ("A", "b\r\nC: d", false), ("A", "ü", true),
    ])
    func aFieldHoldsNoLineEnds(name: String, value: String, isAllowed: Bool) {
        #expect((HTTPField(name, value) != nil) == isAllowed)
    }
}
