// martlet-demo: both failovers on real packets and real requests, in network namespaces of its own. `make demo` builds and starts it.
// Leaves with 0 when everything went as it should (a figure that is merely late is marked so), 1 when not, 128 + the signal's number
// when it was interrupted.

import Glibc
import Lab

// Whoever reads the output may stop reading: the demo still ends by itself and cleans up.
signal(SIGPIPE, SIG_IGN)
// The daemon runs as another user and must be able to enter the lab's directory.
umask(0o022)
Interruption.cleanUpOnSignals()
let status = Demo.run()
Interruption.waitIfUnderWay()
exit(status)
