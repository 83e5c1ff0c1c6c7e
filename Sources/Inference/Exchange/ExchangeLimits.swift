/// How long may each stage of an exchange with a provider take, and how much may it hold? The timeouts of one member.
package import NetTypes

/// Each timeout is about one stage, so that none has to be as long as the longest answer.
package struct ExchangeTimeouts: Hashable, Sendable, Codable {
    /// From the wish for a connection to an open one, TLS and name resolution included.
    package var connect: Span
    /// From the request sent to the head of a streamed answer. Not for plain answers: most providers send their head only when
    /// the whole answer is ready, which `answer` bounds.
    package var head: Span
    /// From the request sent to the first meaningful event of a streamed answer.
    package var firstToken: Span
    /// From one piece of an answer to the next.
    package var betweenTokens: Span
    /// From the request sent to the whole of a plain (not streamed) answer.
    package var answer: Span
    /// From the client's request to the end of its answer, over all attempts.
    package var total: Span

    /// Of what the configuration says for a group. It has no word for plain answers: they get three times the wait for a
    /// streamed answer's head, being the same work without the early word.
    package init(_ configured: Timeouts) {
        self.init(
            connect: configured.connect,
            head: configured.head,
            firstToken: configured.firstToken,
            betweenTokens: configured.betweenTokens,
            answer: configured.head + configured.head + configured.head,
            total: configured.total
        )
    }

    package init(
        connect: Span = .seconds(5),
        head: Span = .seconds(30),
        firstToken: Span = .seconds(60),
        betweenTokens: Span = .seconds(60),
        answer: Span = .seconds(180),
        total: Span = .seconds(900)
    ) {
        self.connect = connect
        self.head = head
        self.firstToken = firstToken
        self.betweenTokens = betweenTokens
        self.answer = answer
        self.total = total
    }
}

/// What one exchange may hold in memory and how often it may try.
package enum ExchangeLimits {
    /// Bytes of a plain answer, which is held until it is whole: 32 MiB is several times the largest generated image.
    package static let plainAnswerBytes = 32 << 20
    /// Bytes of a request up to which nobody counts what is kept of it: there are no more of them than clients.
    package static let uncountedBytes = 64 << 10
    /// Bytes of an upstream's error answer that are read; longer ones are cut off and told in our own words.
    package static let errorAnswerBytes = 64 << 10
    /// Bytes of streamed events held back before the first meaningful one; beyond it the stream counts as begun.
    package static let heldEventBytes = 64 << 10
    /// Attempts for one request. With more than this many failing, waiting longer helps no client.
    package static let attempts = 8
    /// Silence after which a streamed answer gets a heartbeat. Below the 30 s after which the strictest proxies and load
    /// balancers in common use cut a silent connection.
    package static let heartbeat = Span.seconds(15)
    /// How long more may wait for a client than it is read on with (`GatewayLimits.waterMark`), beyond which its connection or stream is closed: it holds a connection of a
    /// provider's meanwhile.
    package static let slowClient = Span.seconds(600)
    /// How long a provider that names no time is left alone after a 429: most limits are counted by the second or the minute.
    package static let standardPause = Span.seconds(2)
    /// The longest that a provider's word keeps its member out where the group says nothing else: most limits are counted by the
    /// minute, and to ask once a minute whether one that means hours still holds costs one request.
    package static let longestPause = Span.seconds(60)
    /// How long a running stream may stay silent once its path is said to be down: a wrong alarm must not cut streams that flow.
    package static let graceOnLostPath = Span.seconds(2)
}
