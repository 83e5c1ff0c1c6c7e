/// Which packets does a capture take? By the daemon's own tables: a device, a mark, or both.
import Control
import NetTypes

struct CaptureFilter {
    /// Nil: every device.
    let device: String?
    let mark: (value: Mark, mask: MarkMask)?
    /// What is captured, to say it.
    let words: String

    /// Of the first network member with this name.
    init(member name: String, marked: Bool, among rows: [MemberRow]) throws(CommandError) {
        let plain = name.hasPrefix("network:") ? String(name.dropFirst("network:".count)) : name
        guard let row = rows.first(where: { $0.plane == "network" && $0.name == plain }) else {
            throw .failed("there is no network member '\(plain)'", hint: "see: martlet show members")
        }
        let found = row.mark.flatMap { Self.mark($0, row.markMask) }
        guard !marked || found != nil else { throw .failed("\(row.name) has no mark") }
        guard let device = row.device else {
            throw .failed("\(row.name) has no device now", hint: "see: martlet show members")
        }
        self.device = device
        mark = marked ? found : nil
        words = "\(row.name) on \(device)"
    }

    /// Of the policy with this name.
    init(policy name: String, among rows: [PolicyRow], mask: String?) throws(CommandError) {
        guard let row = rows.first(where: { $0.name == name }) else {
            throw .failed(
                "there is no policy '\(name)'",
                hint: "see: martlet show policies; a member is named GROUP.MEMBER"
            )
        }
        guard [row.ipv4, row.ipv6].contains("leads"), let mark = row.mark.flatMap({ Self.mark($0, mask) }) else {
            throw .failed("policy \(name) leads no packet anywhere now", hint: "see: martlet show policies")
        }
        device = nil
        self.mark = mark
        words = "policy \(name)"
    }

    private static func mark(_ mark: String, _ mask: String?) -> (value: Mark, mask: MarkMask)? {
        guard let value = MarkArgument(argument: mark)?.value else { return nil }
        return (Mark(value), MarkMask(bits: mask.flatMap(MarkArgument.init(argument:))?.value ?? .max))
    }
}
