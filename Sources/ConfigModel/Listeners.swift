/// Whether two sockets would listen on one address and port, whichever block they stand in.
import ConfigSyntax
import Inference
import NetTypes

enum Listeners {
    static func check(_ models: [ListenDefinition], _ control: ControlConfiguration, _ diagnostics: Diagnostics) {
        var listeners = models.map { Located($0.endpoint, at: $0.place) }
        if let metrics = control.metrics { listeners.append(metrics) }
        for (position, listener) in listeners.enumerated() {
            let earlier = listeners[..<position].first { overlap($0.value, listener.value) }
            guard let earlier else { continue }
            diagnostics.report("\(listener.value) is listened on already", at: listener.place, related: earlier.place)
        }
    }

    /// The same port on the same address, or on one address and all of the family.
    private static func overlap(_ a: IPEndpoint, _ b: IPEndpoint) -> Bool {
        guard a.port == b.port, a.address.family == b.address.family else { return false }
        return a.address == b.address || a.address.isUnspecified || b.address.isUnspecified
    }
}
