/// The control API on its unix socket: who may ask, which call it is, and what is answered.
import Control
import Forwarding
import Foundation
import Inference
import Logging
import NIOCore
import Runtime

/// Everything a call may need.
struct ControlServer: Sendable {
    let runtime: RuntimeThread
    let notes: NoteHub
    let applier: Applier
    let gateway: GatewaySupervisor
    let access: ControlAccess
    let logger: Logger
    /// Microseconds since 1970.
    let startedAt: UInt64

    /// Answers one request; the reply may come on any thread.
    func answer(_ request: ServiceRequest, _ reply: @escaping @Sendable (ServiceAnswer) -> Void) {
        guard let call = ControlCall.Name(request) else {
            return reply(.refusal(404, "there is no call \(request.method) \(request.path)", hint: "see docs/api.yaml"))
        }
        let right = access.right(of: request.peer)
        guard right >= call.needs else {
            let words = "\(call.needs == .change ? "changing" : "looking at") the router is not allowed to you"
            return reply(.refusal(403, words, hint: access.hint(for: call.needs)))
        }
        if call.needs == .change { audit(call, request.peer) }
        do {
            try carryOut(call, request, reply)
        } catch {
            reply(.refusal(400, "the request's body is not what this call takes: \(error)"))
        }
    }

    private func audit(_ call: ControlCall.Name, _ peer: PeerCredentials?) {
        let user = peer.map { UserName.of($0.user) } ?? "?"
        logger.notice("audit: \(user) calls \(call)", metadata: ["pid": "\(peer?.process ?? 0)"])
    }

    private func carryOut(
        _ call: ControlCall.Name,
        _ request: ServiceRequest,
        _ reply: @escaping @Sendable (ServiceAnswer) -> Void
    ) throws {
        let by = request.peer.map { UserName.of($0.user) } ?? "?"
        switch call {
        case .status:
            look(reply) {
                $0.status(
                    startedAt: startedAt,
                    generation: applier.currentGeneration,
                    isGatewayRunning: gateway.isRunning
                )
            }
        case .show(let table): look(reply) { $0.show(table) }
        case .plan:
            let files = try JSONDecoder().decode(ConfigurationFiles.self, from: Data(request.body))
            applier.plan(files) { reply(.of($0)) }
        case .apply:
            let files = try JSONDecoder().decode(ConfigurationFiles.self, from: Data(request.body))
            applier.apply(files, by: by) { reply(.of($0)) }
        case .explainRoute:
            let question = try JSONDecoder().decode(RouteQuestion.self, from: Data(request.body))
            look(reply) { try $0.explain(question) }
        case .explainModel:
            let question = try JSONDecoder().decode(ModelQuestion.self, from: Data(request.body))
            look(reply) { try $0.explain(question) }
        case .explainDecision(let id): look(reply) { try $0.explainDecision(id) }
        case .setAdmin:
            let wish = try JSONDecoder().decode(AdminRequest.self, from: Data(request.body))
            setAdmin(wish, by: by, reply)
        case .watch: reply(watch())
        }
    }

    /// Answers from a copy of the state of one moment, off the runtime's thread: looking at a large table, or asking the kernel
    /// once more, must not hold a failover up.
    private func look(
        _ reply: @escaping @Sendable (ServiceAnswer) -> Void,
        _ question: @escaping @Sendable (Answers) throws -> any Encodable & Sendable
    ) {
        runtime.ask { router, now in
            Self.looking.async {
                do {
                    reply(.json(try question(Answers(router: router, now: now))))
                } catch let error as ErrorReply {
                    reply(.json(error, status: 404))
                } catch {
                    reply(.refusal(500, "\(error)"))
                }
            }
        }
    }

    private static let looking = DispatchQueue(label: "martlet.control", attributes: .concurrent)

    private func setAdmin(
        _ wish: AdminRequest,
        by: String,
        _ reply: @escaping @Sendable (ServiceAnswer) -> Void
    ) {
        runtime.ask { [runtime] router, now in
            do {
                let (override, answer) = try Answers(router: router, now: now).admin(wish)
                runtime.post(.admin(override, by: by))
                reply(.json(answer))
            } catch let error as ErrorReply {
                reply(.json(error, status: 409))
            } catch {
                reply(.refusal(500, "\(error)"))
            }
        }
    }

    private func watch() -> ServiceAnswer {
        .stream(contentType: "text/event-stream") { [notes] sink in
            sink.write(Array(": watching\n\n".utf8))
            let id = notes.watch { event in
                guard let data = try? ServiceAnswer.encoder.encode(event) else { return }
                sink.write(Array("data: ".utf8) + data + Array("\n\n".utf8))
            }
            return { notes.forget(id) }
        }
    }
}

extension ControlCall {
    /// A call by its name, before its body is read.
    enum Name: Sendable, Equatable {
        case status
        case show(Table)
        case plan
        case apply
        case explainRoute
        case explainModel
        case explainDecision(id: String)
        case setAdmin
        case watch

        /// What one must be allowed to do to make the call.
        var needs: ControlAccess.Right {
            switch self {
            case .apply, .setAdmin: .change
            case .status, .show, .plan, .explainRoute, .explainModel, .explainDecision, .watch: .look
            }
        }
    }
}

extension ControlCall.Name {
    fileprivate init?(_ request: ServiceRequest) {
        switch (request.method, request.path) {
        case ("GET", "/v1/status"): self = .status
        case ("POST", "/v1/plan"): self = .plan
        case ("POST", "/v1/apply"): self = .apply
        case ("POST", "/v1/explain/route"): self = .explainRoute
        case ("POST", "/v1/explain/model"): self = .explainModel
        case ("POST", "/v1/admin"): self = .setAdmin
        case ("GET", "/v1/watch"): self = .watch
        case ("GET", let path) where path.hasPrefix("/v1/show/"):
            guard let table = ControlCall.Table(rawValue: String(path.dropFirst("/v1/show/".count))) else { return nil }
            self = .show(table)
        case ("GET", let path) where path.hasPrefix("/v1/explain/decision/"):
            self = .explainDecision(id: String(path.dropFirst("/v1/explain/decision/".count)))
        default: return nil
        }
    }
}

extension ServiceAnswer {
    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    static func json(_ value: any Encodable, status: Int = 200) -> ServiceAnswer {
        guard let data = try? encoder.encode(value) else { return refusal(500, "the answer cannot be written as JSON") }
        return .whole(status: status, contentType: "application/json", body: Array(data))
    }

    static func refusal(_ status: Int, _ words: String, hint: String? = nil) -> ServiceAnswer {
        json(ErrorReply(errors: [words], hint: hint), status: status)
    }

    /// The outcome of a call that may refuse.
    static func of(_ outcome: Result<any Encodable & Sendable, ErrorReply>) -> ServiceAnswer {
        switch outcome {
        case .success(let value): json(value)
        case .failure(let error): json(error, status: 422)
        }
    }
}

/// A user's name, or the number where there is none.
enum UserName {
    static func of(_ user: uid_t) -> String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name
        else {
            return "\(user)"
        }
        return String(cString: name)
    }
}
