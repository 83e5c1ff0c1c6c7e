/// How is the answer of `check` written?
import ConfigModel
import ConfigSyntax
import Control
import Forwarding
import Inference

struct CheckReport: Codable, Equatable {
    /// An error, or a note about what is not served.
    struct Finding: Codable, Equatable {
        let file: String
        /// 1-based; nil when the file as a whole is meant.
        let line: Int?
        let column: Int?
        let message: String
        let hint: String?
        /// As the text format shows it, with source line and caret.
        let text: String
    }

    struct Network: Codable, Equatable {
        let groups: Int
        let members: Int
        let routes: Int
        let probes: Int
    }

    struct Models: Codable, Equatable {
        let providers: Int
        let groups: Int
        let members: Int
        let policies: Int
        let keys: Int
    }

    let file: String
    let ok: Bool
    let errors: [Finding]
    /// What this version does not serve.
    let unserved: [Finding]
    let network: Network?
    let models: Models?

    init(_ name: String, _ checked: CheckedConfiguration) {
        let findings = { (list: [Diagnostic]) in list.map { Finding($0, checked.sources) } }
        file = name
        ok = checked.configuration != nil
        errors = findings(checked.errors)
        // What a wrong file asks for besides is of no use to anyone yet.
        unserved = findings(ok ? checked.unserved : [])
        network = checked.configuration.flatMap(Network.init)
        models = checked.configuration?.models.map(Models.init)
    }
}

extension CheckReport.Finding {
    init(_ diagnostic: Diagnostic, _ sources: SourceMap) {
        let place = diagnostic.place
        file = Int(place.file) < sources.files.count ? sources.files[Int(place.file)].name : "?"
        line = place.line == 0 ? nil : Int(place.line)
        column = place.line == 0 ? nil : Int(place.column)
        message = diagnostic.message
        hint = diagnostic.hint
        text = diagnostic.rendered(with: sources)
    }
}

extension CheckReport.Network {
    init?(_ configuration: Configuration) {
        guard let network = configuration.network else { return nil }
        groups = network.groups.count
        members = network.groups.reduce(0) { $0 + $1.members.count }
        routes = network.routes.count
        probes = configuration.probes.count
    }

    fileprivate var words: String {
        [
            counted(groups, "group"), counted(members, "member"), counted(routes, "route"), counted(probes, "probe"),
        ].joined(separator: ", ")
    }
}

extension CheckReport.Models {
    init(_ models: ModelsConfiguration) {
        providers = models.providers.count
        groups = models.groups.count
        members = models.groups.reduce(0) { $0 + $1.members.count }
        policies = models.policies.count
        keys = models.keys.count
    }

    fileprivate var words: String {
        [
            counted(providers, "provider"), counted(groups, "group"), counted(members, "member"),
            counted(policies, "policy", "policies"), counted(keys, "key"),
        ].joined(separator: ", ")
    }
}

extension CheckReport: TextDisplayable {
    /// What goes to standard output: nothing of a wrong file, whose errors go to standard error.
    func text(_ style: Style) -> String {
        let planes = [network.map { "network: " + $0.words }, models.map { "models: " + $0.words }].compactMap { $0 }
        let contents = planes.isEmpty ? "nothing configured" : planes.joined(separator: "; ")
        let first = "\(style.apply(.plain, to: file)): \(style.apply(.good, to: "ok")) (\(contents))"
        return ([first] + section("not served by this version:", unserved.map(\.note), .warning, style))
            .joined(separator: "\n")
    }
}

extension CheckReport.Finding {
    /// `martlet.yaml:14:3: 'network.services' is not served by this version`.
    fileprivate var note: String {
        let place = [line, column].compactMap { $0 }.map { ":\($0)" }.joined()
        return "\(file)\(place): \(message)"
    }
}
