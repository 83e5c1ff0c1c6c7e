/// How does what a provider says of a response that it has kept go to the client? As any passage, but for the names in it: those have to lead
/// back to it. An answer in one piece is held until it is whole.
import NetTypes
import Wire

/// An answer on its way.
struct RetoldAnswer: Sendable {
    let retelling: Responses.Retelling
    /// What stands in the head; nil: it was sent.
    var head: (status: Int, headers: [Header])?
    var body: [UInt8] = []
    var observer: Responses.StreamObserver?
}

extension Passage {
    /// Whether the answer's head has to wait for its body.
    mutating func retells(_ head: UpstreamHead, _ headers: [Header]) -> Bool {
        guard let retelling = request.retelling, head.contentEncoding == nil else { return false }
        switch head.contentType {
        case "application/json":
            retold = RetoldAnswer(retelling: retelling, head: (head.status, headers))
            return true
        case "text/event-stream" where head.status < 400:
            retold = RetoldAnswer(retelling: retelling, observer: Responses.StreamObserver(retelling))
            actions.append(.writeHead(ClientHead(status: head.status, headers: headers, length: nil)))
            return true
        default: return false
        }
    }

    /// What of these bytes goes on now; nil: too much has come.
    mutating func retell(_ bytes: [UInt8]) -> [UInt8]? {
        guard retold != nil else { return bytes }
        if retold?.observer != nil {
            guard let observed = try? retold?.observer?.feed(bytes) else { return nil }
            return observed.flatMap(\.raw)
        }
        guard let count = retold?.body.count, count + bytes.count <= ExchangeLimits.plainAnswerBytes else { return nil }
        retold?.body += bytes
        return []
    }

    /// What is left when the provider's answer is over.
    mutating func endRetelling() {
        guard var answer = retold else { return }
        retold = nil
        if let rest = answer.observer?.finish() { write(Array(rest.raw)) }
        guard let (status, headers) = answer.head else { return }
        let body =
            status < 400
            ? answer.retelling.whole(answer.body) : answer.retelling.named?.words(answer.body) ?? answer.body
        actions.append(.writeHead(ClientHead(status: status, headers: headers, length: body.count)))
        write(body)
    }

    mutating func write(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        record.bytesToClient &+= UInt64(bytes.count)
        actions.append(.writeBody(bytes))
    }
}
