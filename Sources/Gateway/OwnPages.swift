/// What does the gateway answer of its own: its models and its health?
import Inference

extension ReadyAnswer {
    /// The answer at one of the gateway's own addresses.
    static func own(_ endpoint: Endpoint, _ loop: GatewayLoop) -> ReadyAnswer {
        switch endpoint {
        case .models: models(loop.state?.view.modelNames ?? [])
        case .model(let name): model(name, loop.state?.view)
        case .live: page(Array(#"{"status":"live"}"#.utf8))
        case .ready: loop.isDraining || loop.state == nil ? .notReady : page(Array(#"{"status":"ready"}"#.utf8))
        case .chat, .unknown, .wrongMethod: .unknownPath
        }
    }

    private static let owner = "martlet"

    private static func models(_ names: [String]) -> ReadyAnswer {
        page(OpenAI.modelList(names, created: 0, owner: owner))
    }

    private static func model(_ name: String, _ view: RoutingView?) -> ReadyAnswer {
        guard view?.target(named: name) != nil else { return noModel(name) }
        return page(OpenAI.model(name, created: 0, owner: owner))
    }
}
