/// Where client keys are made, rotated and revoked: kept on the disk first, then told to the runtime, and answered when the gateway
/// serves by it.
import ConfigModel
import ConfigSyntax
import Control
import Foundation
import Inference
import NetTypes
import PolicyEngine
import Runtime

/// Its state is touched on its own queue only, which is what makes `@unchecked Sendable` safe.
final class KeyDesk: @unchecked Sendable {
    typealias Answer = @Sendable (Result<any Encodable & Sendable, ErrorReply>) -> Void

    /// Several times what a company has; the gateway is told all of them at every change of health.
    static let mostKeys = 10_000
    /// How long a change waits for the gateway to serve by it, and how often it looks.
    private static let patience = Span.seconds(2)
    private static let step = DispatchTimeInterval.milliseconds(5)

    private let store: KeyStore
    private let runtime: RuntimeThread
    private let audit: AuditTrail
    private let queue = DispatchQueue(label: "martlet.keys")
    private var keys: [StoredKey]

    init(_ store: KeyStore, _ keys: [StoredKey], runtime: RuntimeThread, audit: AuditTrail) {
        (self.store, self.keys, self.runtime, self.audit) = (store, keys, runtime, audit)
    }

    func create(_ wish: KeyWish, by actor: History.Actor, _ answer: @escaping Answer) {
        change("keys create \(wish.name)", by: actor, answer) { keys, router, now throws(ErrorReply) in
            let secret = KeySecret.draw()
            var key = StoredKey(
                name: wish.name,
                sha256: KeySecret.digest(secret),
                createdAt: now,
                createdBy: actor.user
            )
            try KeyTerms(router: router, now: now).fill(&key, wish)
            if keys.contains(where: { $0.name == wish.name }) {
                throw ErrorReply(
                    errors: ["there is a key '\(wish.name)' already"],
                    hint: "martlet keys rotate \(wish.name)"
                )
            }
            guard keys.count < Self.mostKeys else {
                throw ErrorReply(errors: ["there are \(Self.mostKeys) keys already"], hint: "revoke some")
            }
            keys.append(key)
            keys.sort { $0.name < $1.name }
            return KeyReply(name: key.name, key: secret, words: "the key is shown this once; only its SHA-256 is kept")
        }
    }

    func rotate(_ wish: KeyRotation, by actor: History.Actor, _ answer: @escaping Answer) {
        change("keys rotate \(wish.name)", by: actor, answer) { keys, router, now throws(ErrorReply) in
            let grace = wish.grace ?? .zero
            guard grace >= .zero, grace <= KeyRotation.longestGrace else {
                throw ErrorReply(errors: ["the grace must lie between 0s and \(KeyRotation.longestGrace)"])
            }
            let place = try Self.find(wish.name, in: keys, router)
            let secret = KeySecret.draw()
            let seconds = now / 1_000_000
            let until = seconds + UInt64(grace.nanoseconds / 1_000_000_000)
            keys[place].rotate(to: KeySecret.digest(secret), keepingUntil: until, at: seconds)
            let old = grace > .zero ? "the old key is good for another \(grace)" : "the old key is refused from now on"
            return KeyReply(name: wish.name, key: secret, words: "the key is shown this once; \(old)")
        }
    }

    func revoke(_ wish: KeyRevocation, by actor: History.Actor, _ answer: @escaping Answer) {
        change("keys revoke \(wish.name)", by: actor, answer) { keys, router, _ throws(ErrorReply) in
            keys.remove(at: try Self.find(wish.name, in: keys, router))
            return KeyReply(name: wish.name, key: nil, words: "\(wish.name) is refused from now on")
        }
    }

    private static func find(_ name: String, in keys: [StoredKey], _ router: Router) throws(ErrorReply) -> Int {
        if let place = keys.firstIndex(where: { $0.name == name }) { return place }
        let declared = router.configuration?.models?.keys.first { $0.name.value == name }
        if let declared {
            let place = router.configuration?.sources.cause(declared.name.place) ?? "the configuration"
            throw ErrorReply(
                errors: ["'\(name)' is declared in \(place)"],
                hint: "change it there, then: martlet apply"
            )
        }
        throw ErrorReply(
            errors: ["there is no key '\(name)'"],
            hint: NearestName.hint(for: name, among: keys.map(\.name))
        )
    }
}

// MARK: - From the wish to the gateway

extension KeyDesk {
    /// What is wished of the keys, on the router of this moment at this time in microseconds since 1970.
    private typealias Change = @Sendable (inout [StoredKey], Router, UInt64) throws(ErrorReply) -> KeyReply

    private func change(
        _ what: String,
        by actor: History.Actor,
        _ answer: @escaping Answer,
        _ change: @escaping Change
    ) {
        runtime.ask { [self] router, _ in
            queue.async { [self] in
                do throws(ErrorReply) {
                    let reply = try carryOut(change, router)
                    audit.record(what, by: actor, reply.words)
                    whenServed { answer(.success(reply)) }
                } catch {
                    audit.record(what, by: actor, "refused: " + error.errors.joined(separator: "; "))
                    answer(.failure(error))
                }
            }
        }
    }

    private func carryOut(_ change: Change, _ router: Router) throws(ErrorReply) -> KeyReply {
        var changed = keys
        let reply = try change(&changed, router, WallClock.now())
        do { try store.save(changed) } catch { throw ErrorReply(errors: ["the keys cannot be kept: \(error)"]) }
        keys = changed
        runtime.post(.storedKeys(changed))
        return reply
    }

    /// Calls back once the gateway serves by what was just posted; at once where there is none, and after some patience anyway: one
    /// that is about to start will begin with it.
    private func whenServed(_ body: @escaping @Sendable () -> Void) {
        runtime.ask { [self] router, now in
            guard let wanted = router.models?.generation else { return body() }
            queue.async { self.wait(for: wanted, until: now + Self.patience, body) }
        }
    }

    private func wait(for generation: UInt64, until deadline: Instant, _ body: @escaping @Sendable () -> Void) {
        runtime.ask { [self] router, now in
            if router.models?.servedGeneration ?? 0 >= generation || now >= deadline { return body() }
            queue.asyncAfter(deadline: .now() + Self.step) { self.wait(for: generation, until: deadline, body) }
        }
    }
}

/// A key's secret, drawn once.
private enum KeySecret {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    /// 43 of 62 characters hold 256 bits.
    private static let length = 43

    /// Begins with what scanners for leaked secrets can be told to look for, and is one word for whoever double-clicks it.
    static func draw() -> String {
        // The system's generator: getrandom(2).
        "mt-" + String((0..<length).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }

    static func digest(_ secret: String) -> String {
        KeyDigest(bytes: SHA256.digest(Array(secret.utf8)))?.hexadecimal ?? ""
    }
}
