/// What is known of a form with files as far as it has come? Fields that routing asks for, and where the model's name stands, so that another can
/// be put there; files are only counted.
package import Wire

package struct UploadForm: Sendable {
    package let boundary: MultipartBoundary
    private var reader: MultipartReader
    /// Fields that are no files, in their order, as far as they are short.
    private(set) var fields: [(name: String, value: String)] = []
    /// Where the model's name stands in the body; nil: it has not come.
    package private(set) var modelPlace: Range<Int>?
    /// Bytes of the files that are over.
    private var endedBytes = 0
    /// Fields that are looked at and have come.
    private var seen: Set<String> = []

    /// Of a field's value that is looked at, in bytes: the longest prompt of a picture has 32,000 characters.
    private static let longestValue = 128 << 10
    private static let modelField = "model"
    /// What decides who answers, how, and what is paid for it: all of these are read, or the form is refused.
    private static let decisive = [modelField, "n", "stream"]
    /// Fields that are looked at: of each there is one, or a provider might obey another than the one that was looked at.
    private static let looked = Set(decisive + ["prompt", "user"])

    /// A form that begins.
    package init(_ boundary: MultipartBoundary) {
        self.boundary = boundary
        reader = MultipartReader(boundary)
    }

    /// Bytes of the body that were read.
    package var byteCount: Int { reader.offset }

    /// Bytes of the files, as far as they have come.
    var fileBytes: Int { endedBytes + (reader.openPart.map { $0.isFile ? $0.body.count : 0 } ?? 0) }

    /// Takes the next bytes of the body.
    /// - Parameter body: all of it as far as it is at hand, from its first byte; values that do not stand there are not looked at.
    package mutating func read(_ bytes: RawSpan, at hand: [UInt8]) throws(RequestError) {
        let parts: [MultipartPart]
        do throws(MultipartError) { parts = try reader.feed(bytes) } catch { throw RequestError(error) }
        for part in parts { try take(part, hand) }
    }

    /// The body is over.
    package mutating func finish() throws(RequestError) {
        do throws(MultipartError) { try reader.finish() } catch { throw RequestError(error) }
        guard modelPlace != nil else { throw .missing(Self.modelField) }
    }

    private mutating func take(_ part: MultipartPart, _ hand: [UInt8]) throws(RequestError) {
        let name = Self.plain(part.name)
        if Self.looked.contains(name) { try check(part, name) }
        guard !part.isFile else {
            endedBytes += part.body.count
            return
        }
        let isDecisive = Self.decisive.contains(name)
        guard part.body.upperBound <= hand.count else {
            if isDecisive { throw .tooLate(name, "came when the form was on its way") }
            return
        }
        guard part.body.count <= Self.longestValue, let value = String(validating: hand[part.body], as: UTF8.self)
        else {
            if isDecisive { throw .ambiguous(name, "cannot be read") }
            return
        }
        if name == Self.modelField { modelPlace = part.body }
        fields.append((part.name, value))
    }

    /// Twice, in other letters or as a file: readers differ in what they obey then.
    private mutating func check(_ part: MultipartPart, _ name: String) throws(RequestError) {
        guard !part.isFile else { throw .ambiguous(name, "is a file") }
        guard part.name == name else { throw .ambiguous(name, "has another name to some readers: '\(part.name)'") }
        guard seen.insert(name).inserted else { throw .ambiguous(name, "stands there twice") }
    }

    /// A field's name to a reader for whom letters' size, brackets and dots mean nothing.
    private static func plain(_ name: String) -> String {
        String(name.lowercased().prefix { $0 != "[" && $0 != "." })
    }

    /// The fields as a JSON object, as a client says them that sends no file: what routing and policies read. Numbers and flags that are none
    /// stay texts, for whoever reads them to refuse. Of several with one name the first counts.
    var document: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        var written: Set<String> = []
        writer.beginObject()
        for (name, value) in fields where written.insert(name).inserted {
            switch (name, value.lowercased()) {
            // As if it had not been said.
            case ("stream", ""), ("n", ""): break
            case ("stream", "true"): writer.member(name, true)
            case ("stream", "false"): writer.member(name, false)
            case ("n", _):
                if let count = UInt64(value) { writer.member(name, count) } else { writer.member(name, value) }
            default: writer.member(name, value)
            }
        }
        writer.endObject()
        return writer.bytes
    }

    /// A body with another model's name in it; every other byte is the client's.
    func body(_ body: [UInt8], model: String) -> [UInt8] {
        guard let place = modelPlace, place.upperBound <= body.count else { return body }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + model.utf8.count)
        bytes += body[..<place.lowerBound]
        bytes += model.utf8
        bytes += body[place.upperBound...]
        return bytes
    }

    /// Bytes that a body has more with another model's name.
    func growth(model: String) -> Int { model.utf8.count - (modelPlace?.count ?? model.utf8.count) }
}

extension RequestError {
    init(_ error: MultipartError) {
        self.init(.invalidForm, nil, "The form is not acceptable: \(error.rawValue).")
    }

    /// A form of which the beginning is kept, and the model's name stands behind it.
    package static func modelTooLate(bytes: Int) -> RequestError {
        tooLate("model", "must stand within the first \(bytes >> 20) MiB of the form")
    }

    /// - Parameter why: what it must do, or has not done.
    fileprivate static func tooLate(_ name: String, _ why: String) -> RequestError {
        RequestError(.invalidForm, name, "The field '\(name)' \(why): put it before the file.")
    }

    /// A field that two readers could understand differently.
    fileprivate static func ambiguous(_ name: String, _ why: String) -> RequestError {
        RequestError(.invalidForm, name, "The form is not acceptable: the field '\(name)' \(why).")
    }
}
