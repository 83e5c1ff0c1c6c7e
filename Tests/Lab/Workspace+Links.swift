/// How do two namespaces get a link, and many commands run at once?
extension Workspace {
    /// One end of a veth pair (device, interface index, namespace) and the other.
    typealias Link = (String, Int, Namespace, String, Int, Namespace)

    /// Makes veth pairs, each end at once in its own namespace and with its own index.
    ///
    /// - Precondition: the two indexes of a pair differ; with equal ones the kernel delays carrier events by up to 0.4 s.
    func connect(_ links: [Link]) throws {
        let lines = links.map { device, index, namespace, peer, peerIndex, peerNamespace in
            assert(index != peerIndex)
            return "link add name \(device) index \(index) netns \(namespace.name) type veth "
                + "peer name \(peer) index \(peerIndex) netns \(peerNamespace.name)\n"
        }
        _ = try Command(arguments: [Programs.installed("ip"), "-batch", "-"], input: lines.joined()).run()
    }
}

/// Starts all commands, then waits for each; the first failure is thrown when all have ended.
func allTogether(_ starts: [() throws -> Command.Running]) throws {
    var failure: (any Error)?
    var running: [Command.Running] = []
    for start in starts {
        do { running.append(try start()) } catch { failure = failure ?? error }
    }
    for command in running {
        do { _ = try command.success() } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
}
