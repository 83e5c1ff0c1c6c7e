@testable import Wire

/// What a reader gave, with the pieces of a body put together: how those are cut is the caller's doing.
enum HTTPReading: Equatable, CustomStringConvertible {
    case head(HTTPMessage)
    case interim(HTTPMessage)
    case body([UInt8])
    case end([HTTPField])
    case refused(HTTPError)

    var description: String {
        switch self {
        case .head(let head): "head \(head.status) \(head.methodText) \(head.targetText) \(head.allFields)"
        case .interim(let head): "interim \(head.status)"
        case .body(let bytes): "body \(String(decoding: bytes, as: UTF8.self))"
        case .end(let trailers): "end \(trailers.map { "\($0.name): \($0.value)" })"
        case .refused(let error): "refused: \(error)"
        }
    }

    /// Reads a whole connection that comes in these pieces, and then ends.
    static func all(
        _ pieces: [ArraySlice<UInt8>],
        _ role: HTTPReader.Role,
        limits: HTTPLimits = HTTPLimits(),
        answersHead: Bool = false
    ) -> [HTTPReading] {
        var reader = HTTPReader(role, limits: limits)
        reader.answersHead = answersHead
        var readings: [HTTPReading] = []
        var waiting: [UInt8] = []
        do {
            for piece in pieces {
                waiting += piece
                var taken = 0
                repeat {
                    let event = try reader.next(waiting.span.bytes, taken: &taken)
                    if let event { readings.take(event, of: waiting) }
                    waiting.removeFirst(taken)
                    if event == nil { break }
                } while true
            }
            if let event = try reader.finish() { readings.take(event, of: waiting) }
        } catch {
            readings.append(.refused(error))
        }
        return readings
    }

    static func all(_ text: String, _ role: HTTPReader.Role, limits: HTTPLimits = HTTPLimits()) -> [HTTPReading] {
        all([Array(text.utf8)[...]], role, limits: limits)
    }
}

extension [HTTPReading] {
    fileprivate mutating func take(_ event: HTTPReader.Event, of bytes: [UInt8]) {
        switch event {
        case .head(let head): append(.head(head))
        case .interim(let head): append(.interim(head))
        case .end(let trailers): append(.end(trailers))
        case .body(let place):
            if case .body(let before)? = last {
                self[count - 1] = .body(before + bytes[place])
            } else {
                append(.body([UInt8](bytes[place])))
            }
        }
    }

    var heads: [HTTPMessage] { compactMap { if case .head(let head) = $0 { head } else { nil } } }

    var bodies: [String] {
        compactMap { if case .body(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { nil } }
    }

    var refusal: HTTPError? { if case .refused(let error)? = last { error } else { nil } }
}
