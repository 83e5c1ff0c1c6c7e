import Wire

/// What did one block of a stream, or a whole answer, tell while it passed through unchanged?
package struct Observed: Equatable, Sendable {
    /// The bytes, to be passed on as they are if `isForwarded`.
    package internal(set) var raw: ArraySlice<UInt8>
    /// Whether the client gets them. Not the usage that only we asked for, and not an error: what becomes of that is
    /// the exchange's to say.
    package internal(set) var isForwarded = true
    /// Whether it carries something of the answer: the content commit.
    package internal(set) var isMeaningful = false
    /// The usage, if it reports it.
    package internal(set) var usage: Usage?
    /// Why the model stopped, if it says so.
    package internal(set) var finish: FinishReason?
    /// The error it carries.
    package internal(set) var error: UpstreamError?
    /// Whether it is the mark of a proper end.
    package internal(set) var isDone = false

    init(raw: ArraySlice<UInt8>) {
        self.raw = raw
    }
}

extension Observed {
    /// Reads what an event holds, and keeps an error back. What is no JSON is not ours to judge: the client may know what it is.
    /// - Parameter look: how the dialect reads it.
    mutating func look(into data: [UInt8], _ look: (inout Observed, JSONDocument) -> Void) {
        guard let document = try? JSONDocument(data, limits: .answer) else {
            isMeaningful = true
            return
        }
        look(&self, document)
        if error != nil { isForwarded = false }
    }
}
