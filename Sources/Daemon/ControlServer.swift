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
    let ledger: LedgerDesk
    let probes: ProbeDesk
    let keys: KeyDesk
    let access: ControlAccess
    let audit: AuditTrail
    /// What a start would run by.
    let file: String
    /// Microseconds since 1970.
    let startedAt: UInt64

    /// A configuration of a hundred thousand lines is 5 MB.
    private static let mostBody = 64 << 20

    /// Who may not even look is answered on the request's head.
    var terms: ServiceTerms {
        ServiceTerms(mostBody: Self.mostBody) { [access] in access.right(of: $0) > .none }
    }

    /// Answers one request; the reply may come on any thread.
    func answer(_ request: ServiceRequest, _ reply: @escaping @Sendable (ServiceAnswer) -> Void) {
        guard let call = ControlCall.Name(request) else {
            return reply(.refusal(404, "there is no call \(request.method) \(request.path)", hint: "see docs/api.yaml"))
        }
        let right = access.right(of: request.peer)
        guard right >= call.needs else {
            let words = "\(call.needs == .change ? "changing" : "looking at") the router is not allowed to you"
            // Said, but not kept: who may do nothing shall not fill the history either.
            audit.notes.say(WatchLine(.warning, "audit", "\(Self.actor(request).user): \(call): not allowed"))
            return reply(.refusal(403, words, hint: access.hint(for: call.needs)))
        }
        do {
            try carryOut(call, request, reply)
        } catch {
            reply(.refusal(400, "the request's body is not what this call takes: \(error)"))
        }
    }

    private func carryOut(
        _ call: ControlCall.Name,
        _ request: ServiceRequest,
        _ reply: @escaping @Sendable (ServiceAnswer) -> Void
    ) throws {
        let by = Self.actor(request)
        switch call {
        case .status: look(reply) { [self] in status($0) }
        case .show(let table): look(reply) { [ledger] in $0.show(table, ledger) }
        case .plan:
            let files = try JSONDecoder().decode(ConfigurationFiles.self, from: Data(request.body))
            applier.plan(files, mayRead: access.right(of: request.peer) >= .change) { reply(.of($0)) }
        case .apply:
            let wish = try JSONDecoder().decode(ApplyRequest.self, from: Data(request.body))
            applier.apply(wish, by: by) { reply(.of($0)) }
        case .confirm: applier.confirm(by: by) { reply(.of($0, refusal: 409)) }
        case .rollback:
            let wish = try JSONDecoder().decode(RollbackRequest.self, from: Data(request.body))
            applier.rollBack(wish, by: by) { reply(.of($0, refusal: 409)) }
        case .history: reply(.json(audit.history.rows))
        case .configuration(let number): look(reply) { [audit] _ in try audit.history.texts(of: number) }
        case .kernelDiff:
            applier.diff { settled in look(reply) { _ in try settled.kernelDiff() } }
        case .explainRoute:
            let question = try JSONDecoder().decode(RouteQuestion.self, from: Data(request.body))
            look(reply) { try $0.explain(question) }
        case .explainModel:
            let question = try JSONDecoder().decode(ModelQuestion.self, from: Data(request.body))
            look(reply) { try $0.explain(question) }
        case .explainDecision(let id): look(reply) { [ledger] in try $0.explainDecision(id, ledger) }
        case .usage:
            let question = try JSONDecoder().decode(UsageQuestion.self, from: Data(request.body))
            look(reply) { [ledger] in try $0.usage(question, ledger) }
        case .setAdmin:
            let wish = try JSONDecoder().decode(AdminRequest.self, from: Data(request.body))
            setAdmin(wish, by: by, reply)
        case .createKey:
            let wish = try JSONDecoder().decode(KeyWish.self, from: Data(request.body))
            keys.create(wish, by: by) { reply(.of($0, refusal: 409)) }
        case .rotateKey:
            let wish = try JSONDecoder().decode(KeyRotation.self, from: Data(request.body))
            keys.rotate(wish, by: by) { reply(.of($0, refusal: 409)) }
        case .revokeKey:
            let wish = try JSONDecoder().decode(KeyRevocation.self, from: Data(request.body))
            keys.revoke(wish, by: by) { reply(.of($0, refusal: 409)) }
        case .probe:
            let wish = try JSONDecoder().decode(ProbeWish.self, from: Data(request.body))
            probe(wish, reply)
        case .flows:
            let wish = try JSONDecoder().decode(FlowsWish.self, from: Data(request.body))
            look(reply) { try $0.flows(wish) }
        case .top: look(reply) { $0.top() }
        case .watch: reply(watch())
        }
    }

    private static func actor(_ request: ServiceRequest) -> History.Actor {
        History.Actor(user: request.peer.map { UserName.of($0.user) } ?? "?", process: request.peer?.process)
    }

    private func status(_ answers: Answers) -> StatusReply {
        var status = answers.status(
            startedAt: startedAt,
            generation: applier.currentGeneration,
            isGatewayRunning: gateway.isRunning
        )
        let past = audit.history.history
        status.configuration = past.running
        status.trial = past.trial.map { TrialRow($0, at: answers.now) }
        status.fileDiffers = applier.difference(from: file)
        status.alarms += notes.hookAlarms + ledger.alarms
        if let failure = audit.history.failure { status.alarms.append("the history cannot be kept: \(failure)") }
        return status
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
        by actor: History.Actor,
        _ reply: @escaping @Sendable (ServiceAnswer) -> Void
    ) {
        runtime.ask { [runtime, audit] router, now in
            let what = "\(wish.admin) \(wish.member)"
            do {
                let (override, answer) = try Answers(router: router, now: now).admin(wish)
                runtime.post(.admin(override, by: actor.user))
                audit.record(what, by: actor, answer.words)
                reply(.json(answer))
            } catch let error as ErrorReply {
                audit.record(what, by: actor, "refused: " + error.errors.joined(separator: "; "))
                reply(.json(error, status: 409))
            } catch {
                reply(.refusal(500, "\(error)"))
            }
        }
    }

    private func probe(_ wish: ProbeWish, _ reply: @escaping @Sendable (ServiceAnswer) -> Void) {
        runtime.ask { [probes] router, now in
            do {
                let member = try Answers(router: router, now: now).probed(wish.member)
                try probes.run(member) { reply(.json($0)) }
            } catch let error as ErrorReply {
                reply(.json(error, status: 404))
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
        case confirm
        case rollback
        case history
        case configuration(Int?)
        case kernelDiff
        case explainRoute
        case explainModel
        case explainDecision(id: String)
        case setAdmin
        case createKey
        case rotateKey
        case revokeKey
        case probe
        case flows
        case top
        case usage
        case watch

        /// What one must be allowed to do to make the call.
        var needs: ControlAccess.Right {
            switch self {
            case .apply, .confirm, .rollback, .setAdmin, .probe, .createKey, .rotateKey, .revokeKey: .change
            // The texts hold hashes of client keys.
            case .configuration: .change
            case .status, .show, .plan, .history, .kernelDiff, .explainRoute, .explainModel, .explainDecision, .flows,
                .top, .usage,
                .watch:
                .look
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
        case ("POST", "/v1/confirm"): self = .confirm
        case ("POST", "/v1/rollback"): self = .rollback
        case ("GET", "/v1/history"): self = .history
        case ("GET", "/v1/configuration/running"): self = .configuration(nil)
        case ("GET", "/v1/diff/kernel"): self = .kernelDiff
        case ("POST", "/v1/explain/route"): self = .explainRoute
        case ("POST", "/v1/explain/model"): self = .explainModel
        case ("POST", "/v1/admin"): self = .setAdmin
        case ("POST", "/v1/keys/create"): self = .createKey
        case ("POST", "/v1/keys/rotate"): self = .rotateKey
        case ("POST", "/v1/keys/revoke"): self = .revokeKey
        case ("POST", "/v1/probe"): self = .probe
        case ("POST", "/v1/flows"): self = .flows
        case ("GET", "/v1/top"): self = .top
        case ("POST", "/v1/usage"): self = .usage
        case ("GET", "/v1/watch"): self = .watch
        case ("GET", let path) where path.hasPrefix("/v1/show/"):
            guard let table = ControlCall.Table(rawValue: String(path.dropFirst("/v1/show/".count))) else { return nil }
            self = .show(table)
        case ("GET", let path) where path.hasPrefix("/v1/configuration/"):
            guard let number = Int(path.dropFirst("/v1/configuration/".count)) else { return nil }
            self = .configuration(number)
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

    static func text(_ status: Int, _ words: String, contentType: String = "text/plain") -> ServiceAnswer {
        .whole(status: status, contentType: contentType, body: Array(words.utf8))
    }

    static func json(_ value: any Encodable, status: Int = 200) -> ServiceAnswer {
        guard let data = try? encoder.encode(value) else { return refusal(500, "the answer cannot be written as JSON") }
        return .whole(status: status, contentType: "application/json", body: Array(data))
    }

    static func refusal(_ status: Int, _ words: String, hint: String? = nil) -> ServiceAnswer {
        json(ErrorReply(errors: [words], hint: hint), status: status)
    }

    /// The outcome of a call that may refuse.
    static func of(_ outcome: Result<any Encodable & Sendable, ErrorReply>, refusal: Int = 422) -> ServiceAnswer {
        switch outcome {
        case .success(let value): json(value)
        case .failure(let error): json(error, status: refusal)
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
