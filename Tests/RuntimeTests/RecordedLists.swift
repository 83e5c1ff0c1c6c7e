/// How does a list look after it was recorded and read back?
import Forwarding
import Foundation

enum RecordedLists {
    static func roundTrip(_ segment: RouteSegment) throws -> RouteSegment {
        try JSONDecoder().decode(RouteSegment.self, from: JSONEncoder().encode(segment))
    }
}
