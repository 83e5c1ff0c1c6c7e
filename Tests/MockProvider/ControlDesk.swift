import LabText

/// How is the mock told what to do, and asked what it saw?
///
/// `POST /_mock/mode` sets the mode, `POST /_mock/server` what a local server says of itself, `POST /_mock/reset` forgets what was seen, `GET /_mock/requests` and `GET /_mock/stats` tell it.
struct ControlDesk {
    private let provider: Provider

    init(_ provider: Provider) {
        self.provider = provider
    }

    func reply(to request: Request) -> Reply {
        switch (request.method, request.path) {
        case ("POST", "/_mock/mode"): return setMode(request)
        case ("POST", "/_mock/server"): return changeServer(request)
        case ("POST", "/_mock/reset"):
            provider.journal.reset()
            return stats
        case ("GET", "/_mock/requests"): return .json(provider.journal.requests, outcome: "control")
        case ("GET", "/_mock/stats"): return stats
        default:
            return .json(["error": "no such control"], status: 404, outcome: "control")
        }
    }

    private var stats: Reply {
        .json(provider.stats, outcome: "control")
    }

    private func changeServer(_ request: Request) -> Reply {
        do {
            try provider.changeServer(try JSON.parse(request.body))
            return stats
        } catch {
            return .json(["error": .string("\(error)")], status: 400, outcome: "control")
        }
    }

    private func setMode(_ request: Request) -> Reply {
        do {
            provider.setMode(try Mode(try JSON.parse(request.body)))
            return stats
        } catch {
            return .json(["error": .string("\(error)")], status: 400, outcome: "control")
        }
    }
}
