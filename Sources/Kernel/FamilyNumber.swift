/// Which number an address family has in kernel messages (`AF_*` of socket(2)).
import Glibc
import NetTypes

enum FamilyNumber {
    /// Of no family, or of all.
    static let unspecified = UInt8(AF_UNSPEC)
}

extension AddressFamily {
    var number: UInt8 {
        switch self {
        case .v4: UInt8(AF_INET)
        case .v6: UInt8(AF_INET6)
        }
    }

    init?(number: UInt8) {
        switch Int32(number) {
        case AF_INET: self = .v4
        case AF_INET6: self = .v6
        default: return nil
        }
    }
}
