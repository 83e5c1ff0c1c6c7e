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
    private(set) var fileBytes = 0
    /// Fields that need not be there but once, by their names.
    private var seen: Set<String> = []

    /// Of a field's value that is looked at, in bytes: the longest prompt of a picture has 32,000 characters.
    private static let longestValue = 128 << 10
    /// What decides who answers and who pays.
    private static let modelField = "model"

    /// A form that begins.
    package init(_ boundary: MultipartBoundary) {
        self.boundary = boundary
        reader = MultipartReader(boundary)
    }

    /// Bytes of the body that were read.
    package var byteCount: Int { reader.offset }

    /// Takes the next bytes of the body.
    /// - Parameter body: all of it as far as it is at hand, from its first byte; values that do not stand there are not looked at.
    package mutating func read(_ bytes: RawSpan, at hand: [UInt8]) throws(RequestError) {
        do throws(MultipartError) {
            for part in try reader.feed(bytes) { try take(part, hand) }
        } catch {
            throw RequestError(error)
        }
    }

    /// The body is over.
    package mutating func finish() throws(RequestError) {
        do throws(MultipartError) { try reader.finish() } catch { throw RequestError(error) }
        guard modelPlace != nil else { throw .missing(Self.modelField) }
    }

    private mutating func take(_ part: MultipartPart, _ hand: [UInt8]) throws(MultipartError) {
        guard !part.isFile else {
            // A file may have the name of a field, and some readers would take it for one.
            guard !Self.namesModel(part.name) else { throw .disposition }
            fileBytes += part.body.count
            return
        }
        if Self.namesModel(part.name) {
            // Twice, or in other letters: readers differ in which they obey.
            guard part.name == Self.modelField, seen.insert(part.name).inserted, part.body.upperBound <= hand.count
            else { throw .disposition }
            modelPlace = part.body
        }
        guard part.body.count <= Self.longestValue, part.body.upperBound <= hand.count,
            let value = String(validating: hand[part.body], as: UTF8.self)
        else { return }
        fields.append((part.name, value))
    }

    /// Whether a reader might take it for the model's, be it that letters or brackets mean nothing to it.
    private static func namesModel(_ name: String) -> Bool {
        name.lowercased().prefix { $0 != "[" && $0 != "." } == modelField
    }

    /// The fields as a JSON object, as a client says them that sends no file: what routing and policies read. Of several with one name the first
    /// counts.
    var document: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        var written: Set<String> = []
        writer.beginObject()
        for (name, value) in fields where written.insert(name).inserted {
            switch name {
            case "stream" where value.lowercased() == "true": writer.member(name, true)
            case "stream" where value.lowercased() == "false": writer.member(name, false)
            case "n": if let count = UInt64(value) { writer.member(name, count) }
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
        let text =
            "The field 'model' must stand within the first \(bytes >> 20) MiB of the form: put it before the file."
        return RequestError(.invalidForm, "model", text)
    }
}
