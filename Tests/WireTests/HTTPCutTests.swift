/// Is the same read however the bytes are cut?
import Testing

@testable import Wire

struct HTTPCutTests {
    private static let limits = [
        HTTPLimits(),
        HTTPLimits(startLine: 20, fieldLine: 24, fields: 4, head: 80, chunkLine: 6, extensions: 5, body: 12),
    ]

    @Test(arguments: [HTTPReader.Role.requests, .answers])
    func anyCutGivesTheSame(_ role: HTTPReader.Role) {
        var maker = HTTPMessageMaker(seed: 7)
        var whole = 0
        for round in 0..<400 {
            let bytes = role == .requests ? maker.requests() : maker.answers()
            let limits = Self.limits[round % 2]
            let expected = HTTPReading.all([bytes[...]], role, limits: limits)
            if expected.refusal == nil { whole += 1 }
            for cut in bytes.indices {
                let seen = HTTPReading.all([bytes[..<cut], bytes[cut...]], role, limits: limits)
                #expect(seen == expected, "cut at \(cut): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                guard seen == expected else { return }
            }
            #expect(HTTPReading.all(bytes.indices.map { bytes[$0...$0] }, role, limits: limits) == expected)
        }
        #expect(whole > 40, "good messages are among them")
    }
}
