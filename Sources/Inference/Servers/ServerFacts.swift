/// What do the answers of local servers say? Each reader takes what it knows from an answer and passes over everything else; numbers that
/// cannot be meant are as if they were not said.
import Wire

struct ServerFacts: Hashable, Sendable {
    /// A model on the server's disk.
    struct Installed: Hashable, Sendable {
        var name: String
        /// Ollama's hash of it; empty: not said.
        var digest: String
    }

    private(set) var models: [ServedModel] = []
    private var digests: [String: String] = [:]
    /// Files that models run from, of those that were listed.
    private var roots: Set<String> = []
    private var takesAnyName = false
    private var running: UInt32?
    private var waiting: UInt32?

    /// Models that are looked at in one list.
    private static let mostListed = 1000
    /// As in the configuration: ten times the largest context there is.
    private static let contexts: ClosedRange<UInt64> = 1...100_000_000

    /// Loaded ones and wanted ones first.
    func reading(_ wanted: [String]) -> ServerReading {
        let ranks = models.map { model in
            model.isLoaded ? 0 : wanted.contains { model.answers(to: $0) } ? 1 : 2
        }
        let sorted = (0...2).flatMap { place in zip(models, ranks).filter { $0.1 == place }.map(\.0) }
        return ServerReading(
            models: Array(sorted.prefix(ServerReading.mostModels)),
            takesAnyName: takesAnyName ? true : nil,
            running: running,
            waiting: waiting
        )
    }

    mutating func set(_ context: UInt64?, of name: String) {
        for index in models.indices where models[index].isNamed(name) { models[index].context = context }
    }

    /// What may be asked for and is not loaded: wanted ones, and the only one there is.
    func unloaded(_ wanted: [String]) -> [Installed] {
        let isOnly = models.count == 1
        let meant = models.filter { model in !model.isLoaded && (isOnly || wanted.contains { model.answers(to: $0) }) }
        return meant.map { Installed(name: $0.name, digest: digests[$0.name] ?? "") }
    }

    /// A list of models; false for what is none.
    mutating func takeModels(_ bytes: [UInt8], of kind: ServerKind) -> Bool {
        guard let document = Self.document(bytes),
            let list = document[kind == .ollama ? "models" : "data"], list.kind == .array
        else { return false }
        for entry in list.elements.prefix(Self.mostListed) {
            switch kind {
            case .ollama: takeInstalled(entry)
            case .vllm, .sglang, .llamaCpp: takeServed(entry)
            }
        }
        if kind == .llamaCpp { takesAnyName = models.count == 1 && !(list.elements.contains { $0["status"] != nil }) }
        return true
    }

    // MARK: OpenAI's list, and what servers add to it

    /// vLLM lists the base model under each of its names, with one `root`, and adapters with their `parent`.
    private mutating func takeServed(_ entry: JSONView) {
        guard let name = Self.name(entry["id"]) else { return }
        let root = Self.name(entry["root"])
        let isAdapter = entry["parent"].map { !$0.isNull } ?? false
        let isAlias = root.map(roots.contains) ?? false
        // llama.cpp says so where it holds several models and loads them when they are asked for.
        let isLoaded = entry["status"].map { $0["value"]?.string == "loaded" } ?? (!isAdapter && !isAlias)
        if let root { roots.insert(root) }
        models.append(ServedModel(name, context: Self.context(entry["max_model_len"]), isLoaded: isLoaded))
    }

    /// llama.cpp: `n_ctx` is what one of its slots has. False when it cannot be read.
    mutating func takeProperties(_ bytes: [UInt8]) -> Bool {
        guard let document = Self.document(bytes) else { return false }
        let context = Self.context(document["default_generation_settings"]?["n_ctx"])
        let loaded = models.indices.filter { models[$0].isLoaded }
        if loaded.count == 1 { models[loaded[0]].context = context }
        return true
    }

    mutating func takeSlots(_ bytes: [UInt8]) {
        guard let root = Self.document(bytes)?.root, root.kind == .array else { return }
        let busy = root.elements.prefix(Self.mostListed).count { $0["is_processing"]?.bool == true }
        running = UInt32(clamping: busy)
    }

    /// False when nothing is said of requests.
    mutating func takeMetrics(_ bytes: [UInt8], of kind: ServerKind) -> Bool {
        let names: (running: String, waiting: String)
        switch kind {
        case .ollama: return false
        case .vllm: names = ("vllm:num_requests_running", "vllm:num_requests_waiting")
        case .sglang: names = ("sglang:num_running_reqs", "sglang:num_queue_reqs")
        case .llamaCpp: names = ("llamacpp:requests_processing", "llamacpp:requests_deferred")
        }
        running = GaugeText.sum(of: names.running, in: bytes)
        waiting = GaugeText.sum(of: names.waiting, in: bytes)
        return running != nil || waiting != nil
    }

    // MARK: Ollama

    private mutating func takeInstalled(_ entry: JSONView) {
        guard let name = Self.name(entry["model"] ?? entry["name"]) else { return }
        digests[name] = entry["digest"]?.string.map { String($0.prefix(128)) }
        models.append(ServedModel(name, isLoaded: false))
    }

    /// False when it cannot be read.
    mutating func takeLoaded(_ bytes: [UInt8]) -> Bool {
        guard let document = Self.document(bytes) else { return false }
        guard let list = document["models"] else { return true }
        let places = Dictionary(models.indices.map { (Array(models[$0].name.utf8), $0) }) { first, _ in first }
        for entry in list.elements.prefix(Self.mostListed) {
            guard let name = Self.name(entry["model"] ?? entry["name"]), let index = places[Array(name.utf8)] else {
                continue
            }
            models[index].isLoaded = true
            models[index].context = Self.context(entry["context_length"])
        }
        return true
    }

    static func question(about model: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("model")
        writer.string(model)
        writer.endObject()
        return writer.bytes
    }

    /// Of a model that is not loaded: what its file asks for, else the most that its architecture has. The server may give it less. Nil when it
    /// cannot be read.
    static func context(shown bytes: [UInt8]) -> UInt64?? {
        guard let document = document(bytes) else { return nil }
        if let asked = document["parameters"]?.string.flatMap(contextAsked) { return .some(asked) }
        let info = document["model_info"]?.members.first { $0.name.hasSuffix(".context_length") }
        return .some(info.flatMap { context($0.value) })
    }

    /// `num_ctx 8192` in a line of its own.
    private static func contextAsked(_ parameters: String) -> UInt64? {
        for line in parameters.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "num_ctx" { return UInt64(words[1]).flatMap(sane) }
        }
        return nil
    }

    // MARK: Small things

    private static func document(_ bytes: [UInt8]) -> JSONDocument? { try? JSONDocument(bytes, limits: .answer) }

    private static func name(_ value: JSONView?) -> String? {
        value?.string.flatMap { ServedModel.isName($0) ? $0 : nil }
    }

    private static func context(_ value: JSONView?) -> UInt64? { value?.unsigned.flatMap(sane) }

    private static func sane(_ context: UInt64) -> UInt64? { contexts.contains(context) ? context : nil }
}
