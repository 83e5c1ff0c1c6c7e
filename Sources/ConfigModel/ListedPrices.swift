/// What does the list of prices say about our members? It is read by whoever checks the configuration; only what it says about members
/// without a price of their own is kept.
import ConfigSyntax
import Inference
import PolicyEngine

struct ListedPrices {
    private let contents: ListContents
    private let diagnostics: Diagnostics

    init(_ contents: @escaping ListContents, _ diagnostics: Diagnostics) {
        (self.contents, self.diagnostics) = (contents, diagnostics)
    }

    /// In the order of the members. What is wrong with the list is an error of the configuration, with its place in the list where it
    /// has lines.
    func read(_ models: ModelsConfiguration, _ sources: inout SourceMap) -> [ListedPrice] {
        guard let file = models.prices?.file else { return [] }
        let path = sources.path(of: file.path)
        let bytes: [UInt8]
        do throws(UnreadableList) { bytes = try contents(path) } catch {
            diagnostics.report("cannot read '\(path)': \(error.words)", at: file.path.place)
            return []
        }
        do throws(PriceList.Fault) {
            return try prices(of: models, in: try PriceList(bytes, as: file.format))
        } catch {
            report(error, path, file, &sources)
            return []
        }
    }

    private func prices(
        of models: ModelsConfiguration,
        in list: PriceList
    ) throws(PriceList.Fault) -> [ListedPrice] {
        let providers = Dictionary(models.providers.map { ($0.name.value, $0) }) { first, _ in first }
        var found: [ListedPrice] = []
        for group in models.groups {
            for member in group.members where member.price == nil {
                guard let provider = providers[member.provider.value], let model = member.model?.value else { continue }
                let listed = provider.listedAs?.value ?? provider.name.value
                guard let price = try list.price(provider: listed, model: model) else { continue }
                let name = "\(group.definition.name.value).\(member.name.value)"
                found.append(ListedPrice(member: name, price: price))
            }
        }
        return found
    }

    private func report(
        _ fault: PriceList.Fault,
        _ path: String,
        _ file: PricesConfiguration.File,
        _ sources: inout SourceMap
    ) {
        guard let line = fault.line else {
            return diagnostics.report("'\(path)' \(fault.words)", at: file.path.place)
        }
        let number = sources.add(SourceFile(name: path, excerpts: [line: fault.text ?? ""]))
        diagnostics.report(
            "the row \(fault.words)",
            at: Place(file: number, line: UInt32(clamping: line), column: 1),
            related: file.path.place
        )
    }
}
