/// Which family a group belongs to: the kernel leaves it out of a group's message, so it is learnt from the group's members.
import Forwarding
import NetTypes

struct NexthopFamilies {
    private var known: [NexthopID: AddressFamily] = [:]
    /// Groups of a dump whose members come later in it: dumps are in the order of ids.
    private var waiting: [NexthopReading] = []

    /// The object as a report, or nil when its family has to wait for `settle`.
    mutating func report(_ reading: NexthopReading) -> KernelReport? {
        guard let family = family(of: reading) else {
            waiting.append(reading)
            return nil
        }
        known[reading.id] = family
        return .nexthop(nexthop(reading, family))
    }

    mutating func forget(_ id: NexthopID) {
        known[id] = nil
        waiting.removeAll { $0.id == id }
    }

    /// At a dump's end every member has been seen. A group without any known member is taken for IPv4: it forwards nothing.
    mutating func settle() -> [KernelReport] {
        defer { waiting = [] }
        return waiting.map { reading in
            let family = family(of: reading) ?? .v4
            known[reading.id] = family
            return .nexthop(nexthop(reading, family))
        }
    }

    private func family(of reading: NexthopReading) -> AddressFamily? {
        if let family = reading.family { return family }
        guard let members = reading.kind.members else { return .v4 }
        return members.lazy.compactMap { known[$0.id] }.first
    }

    private func nexthop(_ reading: NexthopReading, _ family: AddressFamily) -> Nexthop {
        Nexthop(id: reading.id, family: family, kind: reading.kind, routeProtocol: reading.routeProtocol)
    }
}
