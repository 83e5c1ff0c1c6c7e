/// Are messages of the link whole and in order, however the bytes come?
import Foundation
import Testing

@testable import Daemon

@Suite struct LinkReaderTests {
    private static func frame(_ body: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(body.count).bigEndian) { Array($0) } + body
    }

    /// What a reader gives of these pieces until the writer's end is closed.
    private func messages(_ pieces: [[UInt8]]) throws -> [[UInt8]] {
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        let (own, theirs) = (pair[0], pair[1])
        defer { close(own) }
        let writer = Thread {
            for piece in pieces {
                _ = LinkFrame.write(Data(piece), to: theirs)
                usleep(200)
            }
            close(theirs)
        }
        writer.start()
        var reader = LinkReader(descriptor: own)
        var all: [[UInt8]] = []
        while let some = reader.next() {
            #expect(!some.isEmpty)
            all += some
        }
        return all
    }

    @Test func messagesAreWholeWhereverTheyAreCut() throws {
        let bodies: [[UInt8]] = [
            Array("one".utf8), [], Array(repeating: 7, count: 300_000), Array("last".utf8),
        ]
        let bytes = bodies.flatMap(Self.frame)
        #expect(try messages([bytes]) == bodies)
        for cut in [1, 3, 4, 6, 7, 9, 11, 15, 70_000, bytes.count - 1] {
            #expect(try messages([Array(bytes[..<cut]), Array(bytes[cut...])]) == bodies, "cut after \(cut)")
        }
    }

    @Test func afterSomethingThatIsNoFrameNothingIsBelieved() throws {
        #expect(try messages([Self.frame([1]) + [0xFF, 0, 0, 0] + Self.frame([2])]) == [[1]])
        #expect(try messages([Self.frame([1]), [0xFF, 0, 0, 0] + Self.frame([2])]) == [[1]])
        #expect(try messages([Self.frame([1]) + [0, 0, 0, 9, 1]]) == [[1]], "cut off by the other end")
    }
}
