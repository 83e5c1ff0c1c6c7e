/// Does something keep the wall clock right? (adjtimex(2), `STA_UNSYNC`)
import CShim

package enum HostClock {
    /// Nil when the kernel does not say.
    package static var isSynchronised: Bool? {
        let answer = martlet_clock_is_synchronised()
        return answer < 0 ? nil : answer == 1
    }
}
