/// How is a call of the control API written as an HTTP request?
enum ControlRequest {
    static func bytes(of call: ControlCall) throws(ControlError) -> [UInt8] {
        let (method, path) = call.target
        let body = try body(of: call)
        var head = [
            "\(method) \(path) HTTP/1.1",
            "Host: martlet",
            "Accept: \(call == .watch ? "text/event-stream" : "application/json")",
            "Connection: close",
        ]
        if let body { head += ["Content-Type: application/json", "Content-Length: \(body.count)"] }
        return Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? [])
    }

    private static func body(of call: ControlCall) throws(ControlError) -> [UInt8]? {
        do {
            switch call {
            case .status, .show, .explainDecision, .watch, .confirm, .history, .configuration, .kernelDiff, .top:
                return nil
            case .plan(let files): return try ControlJSON.encode(files)
            case .apply(let request): return try ControlJSON.encode(request)
            case .rollback(let request): return try ControlJSON.encode(request)
            case .explainRoute(let question): return try ControlJSON.encode(question)
            case .explainModel(let question): return try ControlJSON.encode(question)
            case .usage(let question): return try ControlJSON.encode(question)
            case .setAdmin(let request): return try ControlJSON.encode(request)
            case .createKey(let wish): return try ControlJSON.encode(wish)
            case .rotateKey(let wish): return try ControlJSON.encode(wish)
            case .revokeKey(let wish): return try ControlJSON.encode(wish)
            case .probe(let wish): return try ControlJSON.encode(wish)
            case .flows(let wish): return try ControlJSON.encode(wish)
            }
        } catch {
            throw .notUnderstood("the question to \(call.target.path) cannot be written: \(error)")
        }
    }
}
