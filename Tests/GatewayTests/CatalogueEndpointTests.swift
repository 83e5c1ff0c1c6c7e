/// Where does the catalogue send what is no chat? Below the same address and with the same credential, by the endpoint that the provider has for it.
import Foundation
import Inference
import Testing

@testable import Gateway

extension OverSockets.CatalogueTests {
    /// A model of the catalogue and where its provider wants to be asked.
    struct Place: Sendable {
        let provider: String
        let model: String
        let asked: Capability
        let address: String
    }

    static let places: [Place] = [
        .init(provider: "azure", model: "text-embedding-3-large", asked: .embeddings, address: azure("embeddings")),
        .init(provider: "azure", model: "gpt-image-1", asked: .imageGeneration, address: azure("images/generations")),
        .init(
            provider: "cohere",
            model: "embed-v4.0",
            asked: .embeddings,
            address: "/compatibility/v1/embeddings"
        ),
        .init(
            provider: "fireworks",
            model: "accounts/fireworks/models/qwen3-reranker-8b",
            asked: .rerank,
            address: "/inference/v1/rerank"
        ),
        .init(
            provider: "google",
            model: "gemini-embedding-001",
            asked: .embeddings,
            address: "/v1beta/models/gemini-embedding-001:batchEmbedContents"
        ),
        .init(
            provider: "groq",
            model: "canopylabs/orpheus-v1-english",
            asked: .speech,
            address: "/openai/v1/audio/speech"
        ),
        .init(provider: "mistral", model: "mistral-embed", asked: .embeddings, address: "/v1/embeddings"),
        .init(
            provider: "mistral",
            model: "mistral-moderation-2603",
            asked: .moderation,
            address: "/v1/moderations"
        ),
        .init(provider: "openai", model: "gpt-image-2", asked: .imageGeneration, address: "/v1/images/generations"),
        .init(provider: "openai", model: "omni-moderation-latest", asked: .moderation, address: "/v1/moderations"),
        .init(provider: "openai", model: "tts-1", asked: .speech, address: "/v1/audio/speech"),
        .init(provider: "together", model: "Salesforce/Llama-Rank-V1", asked: .rerank, address: "/v1/rerank"),
        .init(provider: "xai", model: "grok-imagine-image", asked: .imageGeneration, address: "/v1/images/generations"),
    ]

    private static func azure(_ path: String) -> String {
        let model = path == "embeddings" ? "text-embedding-3-large" : "gpt-image-1"
        return "/openai/deployments/\(model)/\(path)?api-version=2024-10-21"
    }

    /// What a client of OpenAI's asks, and where.
    private static func request(_ asked: Capability) -> String? {
        switch asked {
        case .embeddings: request("/v1/embeddings", #""input":"a""#)
        case .imageGeneration: request("/v1/images/generations", #""prompt":"a""#)
        case .speech: request("/v1/audio/speech", #""input":"a","voice":"alloy""#)
        case .rerank: request("/v1/rerank", #""query":"a","documents":["b"]"#)
        case .moderation: request("/v1/moderations", #""input":"a""#)
        default: nil
        }
    }

    private static func request(_ path: String, _ fields: String) -> String {
        TestClient.request("POST", path, body: #"{"model":"chat",\#(fields)}"#)
    }

    @Test(arguments: places) func whatIsNoChatGoesWhereItsProviderHasItsEndpoint(_ place: Place) throws {
        let known = try Self.models(place.provider, at: 1, notCarried: "report").providers[0].models
        let model = try #require(known[place.model], "the file knows it")
        #expect(model.capabilities?.contains(Capabilities(place.asked)) == true)
        let provider = try MockProvider(Mock.status(400))
        let gateway = try Self.gateway(place.provider, provider.port, notCarried: "report", model: place.model)
        let client = try TestClient(gateway.port)
        let request = try #require(Self.request(place.asked))
        let answer = try #require(client.ask(request))
        let came = try #require(provider.requests.first, "\(answer.body)")
        #expect(came.hasPrefix("POST \(place.address) HTTP/1.1\r\n"), "\(came.prefix(120))")
        let credential = try #require(Self.providers.first { $0.name == place.provider }?.credential)
        let parts = credential.split(separator: ":", maxSplits: 1)
        #expect(came.header(String(parts[0])) == String(parts[1].dropFirst()))
        client.socket.hangUp()
        try gateway.stop()
    }
}
