import Wire

/// How do the contents of Gemini's API become messages of the form between dialects? Results of functions, which stand among the user's
/// words, become messages of their own; those that name no call answer the first open one of their function.
extension Gemini {
    static func takeSystem(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        let field = "systemInstruction"
        if let text = value.string { return append(.system, [.text(text)], 0, &chat) }
        guard value.kind == .object else { throw .wrongType(field, wanted: "an object") }
        note(value, beyond: ["parts", "role"], at: field, in: &chat)
        var parts: [Chat.Part] = []
        for part in (value["parts"] ?? value).elements {
            try checkInstruction(part, "\(field).parts[\(parts.count)]")
            note(part, beyond: ["text"], hints: beside, at: "\(field).parts", in: &chat)
            parts.append(.text(try Field.requiredText(part["text"], "\(field).parts[\(parts.count)].text")))
        }
        append(.system, parts, 0, &chat)
    }

    /// Others take instructions in words only.
    private static func checkInstruction(_ part: JSONView, _ field: String) throws(RequestError) {
        for member in part.members where !member.value.isNull {
            let name = camel(member.name)
            if name != "text", !beside.contains(name), !viewing.contains(name) {
                throw .untranslatable("\(field).\(name)")
            }
        }
    }

    /// Of what a part has, what is read with its neighbour, whichever that is.
    private static let beside = ["thought", "thoughtSignature", "partMetadata"]
    /// What says how a part's film or picture is to be looked at.
    private static let viewing = ["videoMetadata", "mediaResolution"]

    static func takeContents(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        var open: [Chat.ToolUse] = []
        var position = 0
        for content in value.elements {
            try takeContent(content, at: position, &open, into: &chat)
            position += 1
        }
        guard position > 0 else { throw .wrongValue("contents", wanted: "at least one content") }
    }

    private static func takeContent(
        _ value: JSONView,
        at position: Int,
        _ open: inout [Chat.ToolUse],
        into chat: inout Chat
    ) throws(RequestError) {
        let field = "contents[\(position)]"
        guard value.kind == .object else { throw .wrongType(field, wanted: "an object") }
        note(value, beyond: ["role", "parts"], at: "contents", in: &chat)
        guard let list = value["parts"], !list.isNull else { throw .missing("\(field).parts") }
        let role = try Field.text(value["role"], "\(field).role") ?? "user"
        let isModels = role == "model"
        guard isModels || ["user", "function", "tool"].contains(role) else {
            throw .wrongValue("\(field).role", wanted: "'user' or 'model'")
        }
        var (said, results): ([Chat.Part], [Chat.Part]) = ([], [])
        var calls: [Chat.ToolUse] = []
        var number = 0
        for part in try Field.array(list, "\(field).parts") {
            let place = "\(field).parts[\(number)]"
            number += 1
            switch try self.part(part, place, isModels: isModels, &chat) {
            case .toolUse(var call):
                if call.id.isEmpty { call.id = "call_\(position)_\(calls.count)" }
                calls.append(call)
                said.append(.toolUse(call))
            case .toolResult(let result):
                let name = (part.either("functionResponse"))?["name"]?.string ?? ""
                results.append(.toolResult(try matched(result, name, &open, place)))
            case let other?: said.append(other)
            case nil: break
            }
        }
        let goesOn = isModels && chat.messages.last?.role == .assistant
        if !calls.isEmpty {
            if !goesOn { open = [] }
            open += calls
            guard open.count <= Chat.mostCalls else {
                throw .wrongValue("\(field).parts", wanted: "at most \(Chat.mostCalls) calls before their results")
            }
        }
        // The results answer the message before, and so stand before what the user says besides.
        for result in results { append(.tool, [result], position, &chat) }
        if goesOn {
            extendLast(with: said, &chat)
        } else {
            append(isModels ? .assistant : .user, said, position, &chat)
        }
    }

    /// A client that keeps a stream's pieces sends each as a content of its own: they are one message, and their words one text.
    private static func extendLast(with parts: [Chat.Part], _ chat: inout Chat) {
        let last = chat.messages.count - 1
        for part in parts where part != .text("") {
            guard case .text(let more) = part, case .text(var text)? = chat.messages[last].parts.last else {
                chat.messages[last].parts.append(part)
                continue
            }
            // Taken out, it grows in place: there may be very many.
            chat.messages[last].parts.removeLast()
            text += more
            chat.messages[last].parts.append(.text(text))
        }
    }

    private static func matched(
        _ result: Chat.ToolResult,
        _ name: String,
        _ open: inout [Chat.ToolUse],
        _ place: String
    ) throws(RequestError) -> Chat.ToolResult {
        let found =
            open.firstIndex { result.id.isEmpty ? $0.name == name : $0.id == result.id }
            ?? open.firstIndex { $0.name == name }
        guard let found else {
            throw .wrongValue("\(place).functionResponse", wanted: "the result of a call that the model has just made")
        }
        var result = result
        result.id = open.remove(at: found).id
        return result
    }

    private static func append(_ role: Chat.Role, _ parts: [Chat.Part], _ position: Int, _ chat: inout Chat) {
        if !parts.isEmpty { chat.messages.append(Chat.Message(role: role, parts: parts, position: position)) }
    }

    // MARK: Parts

    /// Nil: it says nothing.
    private static func part(
        _ value: JSONView,
        _ field: String,
        isModels: Bool,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Part? {
        guard value.kind == .object else { throw .wrongType(field, wanted: "an object") }
        if value["partMetadata"] ?? value["part_metadata"] != nil { chat.note(.hint("contents.parts.partMetadata")) }
        // Proof of a call goes with it; proof of words is proof of nothing elsewhere.
        let hasProof = value.either("thoughtSignature").map { !$0.isNull } ?? false
        if hasProof, value.either("functionCall") == nil { chat.note(.hint("contents.parts.thoughtSignature")) }
        var found: Chat.Part?
        for member in value.members where !member.value.isNull {
            let name = camel(member.name)
            if beside.contains(name) { continue }
            switch name {
            case "text": found = try text(member.value, value, "\(field).text")
            case "inlineData": found = try data(member.value, "\(field).inlineData", &chat)
            case "fileData": found = .file(.url(try address(member.value, "\(field).fileData", &chat), name: nil))
            case "functionCall": found = try call(member.value, value, "\(field).functionCall", &chat)
            case "functionResponse": found = try result(member.value, "\(field).functionResponse", &chat)
            case _ where viewing.contains(name): chat.note(.wish("contents.parts.\(name)"))
            // Code that ran at the provider, and whatever comes next.
            default: throw .untranslatable("\(field).\(name)")
            }
        }
        switch found {
        // A file with an image's type is shown as one.
        case .file(.url(let url, _)) where mediaType(value)?.hasPrefix("image/") ?? false: found = .image(.url(url))
        case .file(.data(let type, let base64, let name)) where type.hasPrefix("image/"):
            // Nobody else has names for images.
            if name != nil { chat.note(.hint("contents.parts.inlineData.displayName")) }
            found = .image(.data(mediaType: type, base64: base64))
        default: break
        }
        switch found {
        case .image, .file:
            if isModels { throw .untranslatable(field) }
        case .toolUse:
            guard isModels else { throw .wrongValue(field, wanted: "calls in what the model says only") }
        case .toolResult:
            guard !isModels else { throw .wrongValue(field, wanted: "results in what the user says only") }
        case .text, .thought, nil: break
        }
        return found
    }

    /// A signature is proof of a thought here and of nothing elsewhere.
    private static func text(_ value: JSONView, _ part: JSONView, _ field: String) throws(RequestError) -> Chat.Part {
        let text = try Field.requiredText(value, field)
        return part["thought"]?.bool == true ? .thought(.open(text, signature: "")) : .text(text)
    }

    private static func data(
        _ value: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Part {
        note(value, beyond: ["mimeType", "data", "displayName"], at: "contents.parts.inlineData", in: &chat)
        let type = try Field.mediaType(value.either("mimeType"), "\(field).mimeType")
        let base64 = plainBase64(try Field.requiredText(value["data"], "\(field).data"))
        return .file(.data(mediaType: type, base64: base64, name: try Field.text(value.either("displayName"), field)))
    }

    private static func mediaType(_ part: JSONView) -> String? {
        part.either("fileData")?.either("mimeType")?.string
    }

    private static func address(
        _ value: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> String {
        note(value, beyond: ["mimeType", "fileUri"], hints: ["displayName"], at: "contents.parts.fileData", in: &chat)
        if let type = value.either("mimeType")?.string, type.hasPrefix("audio/") || type.hasPrefix("video/") {
            throw .untranslatable("\(field).mimeType")
        }
        let address = try Field.webAddress(value.either("fileUri"), "\(field).fileUri")
        // What was uploaded there is known to that provider only.
        if address.contains("generativelanguage.googleapis.com/") { throw .untranslatable("\(field).fileUri") }
        // Others take the type from the address, or from whoever answers there.
        if let type = value.either("mimeType")?.string, type != mediaType(of: address) {
            chat.note(.hint("contents.parts.fileData.mimeType"))
        }
        return address
    }

    /// The alphabet that is safe in addresses, with its `=` or without, as the one that others take (RFC 4648 §4 and §5).
    static func plainBase64(_ text: String) -> String {
        let isOther = { (byte: UInt8) in byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") }
        let missing = (4 - text.utf8.count % 4) % 4
        guard missing > 0 || text.utf8.contains(where: isOther) else { return text }
        var bytes = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        if missing < 3 { bytes += [UInt8](repeating: UInt8(ascii: "="), count: missing) }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Calls and results

    private static func call(
        _ value: JSONView,
        _ part: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Part {
        note(value, beyond: ["id", "name", "args"], at: "contents.parts.functionCall", in: &chat)
        let arguments = try Field.object(value["args"], "\(field).args")
        return .toolUse(
            Chat.ToolUse(
                id: try Field.text(value["id"], "\(field).id") ?? "",
                name: try Field.requiredText(value["name"], "\(field).name"),
                arguments: arguments.map { String(decoding: $0.raw, as: UTF8.self) } ?? "{}",
                signature: part.either("thoughtSignature")?.string
            )
        )
    }

    private static func result(
        _ value: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Part {
        let read = ["id", "name", "response"]
        note(value, beyond: read, hints: ["scheduling"], at: "contents.parts.functionResponse", in: &chat)
        _ = try Field.requiredText(value["name"], "\(field).name")
        guard let response = try Field.object(value["response"], "\(field).response") else {
            throw .missing("\(field).response")
        }
        let (texts, isError) = texts(of: response)
        let id = try Field.text(value["id"], "\(field).id") ?? ""
        return .toolResult(Chat.ToolResult(id: id, texts: texts, isError: isError))
    }

    /// `output` and `error` are the API's own names for what a function said, `result` is its client library's; everything else is the
    /// function's own object.
    private static func texts(of response: JSONView) -> (texts: [String], isError: Bool) {
        let members = Array(response.members)
        guard members.count == 1, let member = members.first else {
            return ([String(decoding: response.raw, as: UTF8.self)], false)
        }
        let name = member.name
        guard ["output", "result", "error"].contains(name) else {
            return ([String(decoding: response.raw, as: UTF8.self)], false)
        }
        let said = member.value
        if let text = said.string { return ([text], name == "error") }
        let texts = said.elements.map(\.string)
        if !texts.isEmpty, texts.allSatisfy({ $0 != nil }) { return (texts.compactMap { $0 }, name == "error") }
        return ([String(decoding: said.raw, as: UTF8.self)], name == "error")
    }
}
