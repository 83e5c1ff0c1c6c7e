/// How long is a request kept? Until its answer has begun to mean something: nobody is sent it after that, and a stream may take an hour.
import Wire

/// What an exchange must know of a request at its end.
struct AskedFacts: Sendable {
    /// Tokens of its prompt, estimated.
    let estimatedInput: UInt64
    /// In its messages.
    let images: UInt64
    let isArray: Bool
    let isInBackground: Bool

    init(_ view: RequestView) {
        estimatedInput = view.estimatedInputTokens
        images = view.imageCount
        (isArray, isInBackground) = (view.isArray, view.isInBackground)
    }
}

extension Exchange {
    /// Drops the request and what was made of it for the provider, where they are long. What is asked for in media is charged by what stands in the
    /// request, and clients of the Responses API are told parts of it with the end.
    mutating func dropBody() {
        guard let view = ask?.view, !view.operation.isMedia else { return }
        let bytes = max(view.document.bytes.count, attempt?.request.body.count ?? 0)
        guard bytes > ExchangeLimits.uncountedBytes, !isEchoLong else { return }
        asked = AskedFacts(view)
        ask = nil
        attempt?.dropBody()
        actions.append(.bodyGone)
    }

    private var isEchoLong: Bool {
        client == .responses && Responses.echo(of: ask?.view.document).count > ExchangeLimits.uncountedBytes
    }
}
