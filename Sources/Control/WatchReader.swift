/// How does the body of `watch` become events? Comments keep the stream warm and are stepped over.
import Wire

struct WatchReader {
    private let limit: Int
    private var events: EventStreamReader

    /// - Parameter limit: bytes one event may hold.
    init(limit: Int) {
        self.limit = limit
        events = EventStreamReader(limits: EventStreamReader.Limits(line: limit, event: limit))
    }

    /// Takes bytes in and hands out the events they complete.
    mutating func feed(_ bytes: [UInt8], _ each: (WatchEvent) throws -> Void) throws {
        for event in try complete(bytes) {
            guard let data = event.data else { continue }
            try each(try decode(data))
        }
    }

    private mutating func complete(_ bytes: [UInt8]) throws(ControlError) -> [ServerSentEvent] {
        do {
            return try events.feed(bytes)
        } catch {
            throw .tooLarge(limit: limit)
        }
    }

    private func decode(_ data: [UInt8]) throws(ControlError) -> WatchEvent {
        do {
            return try ControlJSON.decode(WatchEvent.self, from: data)
        } catch {
            throw .notUnderstood("an event is not what was asked for: \(error)")
        }
    }
}
