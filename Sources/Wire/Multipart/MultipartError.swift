/// Why are bytes no form that everybody would read alike?
package enum MultipartError: String, Error, Equatable, Sendable {
    /// The body does not begin with the boundary.
    case noBoundary = "the body does not begin with its boundary"
    /// What stands behind a boundary is neither a line's end nor the mark of the end.
    case boundaryLine = "a boundary is followed by something else on its line"
    /// A boundary behind a bare line feed, or right behind a part's head: some readers see one there and some do not.
    case ambiguousBoundary = "a boundary stands where not all readers see one"
    case headTooLarge = "the head of a part is too large"
    /// A line of a part's head is no field.
    case head = "the head of a part is malformed"
    /// No `content-disposition: form-data` with one plain name.
    case disposition = "a part does not say by one plain name which field it is"
    /// A transfer encoding, which form data does not have any more (RFC 7578 §4.7).
    case encoded = "a part has a transfer encoding"
    case tooManyParts = "the form has too many parts"
    /// Something behind the mark of the end.
    case epilogue = "something follows the end of the form"
    case truncated = "the form has no end"
}
