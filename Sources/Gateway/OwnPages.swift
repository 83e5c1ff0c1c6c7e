/// What does the gateway answer of its own: its models and its health?
import Inference

extension ReadyAnswer {
    /// The answer at one of the gateway's own addresses.
    static func own(_ endpoint: Endpoint, for key: ServedKey?, _ loop: GatewayLoop) -> ReadyAnswer {
        switch endpoint {
        case .models(let question): models(question, for: key, loop.state?.view)
        case .version: page(Ollama.versionPage)
        case .live: page(Array(#"{"status":"live"}"#.utf8))
        case .ready: loop.isDraining || loop.state == nil ? .notReady : page(Array(#"{"status":"ready"}"#.utf8))
        case .chat, .asking, .naming, .showModel, .keptResponse, .passage, .unknown, .wrongMethod: .unknownPath
        }
    }

    /// The model that the body names, for Ollama's clients.
    static func shown(_ body: [UInt8], for key: ServedKey?, _ loop: GatewayLoop) -> ReadyAnswer {
        let name: String
        do {
            name = try Ollama.shownModel(body)
        } catch {
            return ReadyAnswer.error(ClientError(error))
        }
        let all = loop.state?.view.listedModels(for: key) ?? []
        guard let model = all.first(where: { $0.name == name }) else { return noModel(name) }
        return page(Ollama.model(model))
    }

    private static func models(_ question: Endpoint.ModelQuestion, for key: ServedKey?, _ view: RoutingView?)
        -> ReadyAnswer
    {
        let all = view?.listedModels(for: key) ?? []
        let second = GatewayClock.unixMicroseconds() / 1_000_000
        if let name = question.name {
            guard let model = all.first(where: { $0.name == name }) else { return noModel(name) }
            switch question.dialect {
            case .openai, .responses: return page(OpenAI.model(model, at: second))
            case .anthropic: return page(Anthropic.model(model, at: second))
            case .gemini: return page(Gemini.model(model))
            case .ollama: return page(Ollama.model(model))
            case .mistral: return page(Mistral.model(model))
            }
        }
        do throws(RequestError) {
            switch question.dialect {
            case .openai, .responses: return page(OpenAI.modelList(all, at: second))
            case .anthropic:
                return page(Anthropic.modelList(all, page: try ModelPage(query: question.query), at: second))
            case .gemini: return page(Gemini.modelList(all, page: try Gemini.Page(query: question.query)))
            case .ollama: return page(question.isOfRunning ? Ollama.runningList(all) : Ollama.modelList(all))
            case .mistral: return page(Mistral.modelList(all))
            }
        } catch {
            return ReadyAnswer.error(ClientError(error))
        }
    }
}
