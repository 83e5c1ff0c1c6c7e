/// Which fields does Gemini's API know? `GenerateContentRequest` and `EmbedContentRequest` of googleapis/googleapis f8291d2b89f0 and of the
/// PyPI package google-genai 3.4.0 (Apache-2.0), in the spelling that the API itself answers in.
enum GeminiShape {
    static let request = Shape(
        fields: [
            "model": .string, "systemInstruction": .object(content), "contents": .array(of: .object(content)),
            "tools": .array(of: .object(tool)), "toolConfig": .object(toolConfig), "safetySettings": .list,
            "generationConfig": .object(generationConfig), "cachedContent": .string, "serviceTier": .string,
            "store": .bool,
        ],
        required: ["contents"]
    )

    private static let content = Shape(
        fields: ["role": .word(["user", "model"]), "parts": .array(of: .object(part))],
        required: ["parts"]
    )

    private static let part = Shape(fields: [
        "text": .string, "thought": .bool, "thoughtSignature": .string, "partMetadata": .map, "videoMetadata": .map,
        "mediaResolution": .map, "executableCode": .map, "codeExecutionResult": .map,
        "inlineData": .object(
            Shape(
                fields: ["mimeType": .string, "data": .string, "displayName": .string],
                required: ["mimeType", "data"]
            )
        ),
        "fileData": .object(
            Shape(
                fields: ["mimeType": .string, "fileUri": .string, "displayName": .string],
                required: ["fileUri"]
            )
        ),
        "functionCall": .object(Shape(fields: ["id": .string, "name": .string, "args": .map], required: ["name"])),
        "functionResponse": .object(
            Shape(
                fields: [
                    "id": .string, "name": .string, "response": .map, "parts": .list, "willContinue": .bool,
                    "scheduling": .string,
                ],
                required: ["name", "response"]
            )
        ),
    ])

    private static let tool = Shape(fields: [
        "functionDeclarations": .array(of: .object(declaration)), "googleSearch": .map, "googleSearchRetrieval": .map,
        "codeExecution": .map, "urlContext": .map, "fileSearch": .map, "googleMaps": .map, "computerUse": .map,
    ])

    private static let declaration = Shape(
        fields: [
            "name": .string, "description": .string, "parameters": .map, "parametersJsonSchema": .map,
            "response": .map, "responseJsonSchema": .map, "behavior": .word(["BLOCKING", "NON_BLOCKING"]),
        ],
        required: ["name", "description"]
    )

    private static let toolConfig = Shape(fields: [
        "functionCallingConfig": .object(
            Shape(fields: [
                "mode": .word(["AUTO", "ANY", "NONE", "VALIDATED"]), "allowedFunctionNames": .array(of: .string),
            ])
        ),
        "retrievalConfig": .map, "includeServerSideToolInvocations": .bool,
    ])

    private static let generationConfig = Shape(fields: [
        "candidateCount": .integer, "stopSequences": .array(of: .string), "maxOutputTokens": .integer,
        "temperature": .number, "topP": .number, "topK": .number, "seed": .integer, "responseMimeType": .string,
        "responseSchema": .map, "responseJsonSchema": .map, "presencePenalty": .number, "frequencyPenalty": .number,
        "responseLogprobs": .bool, "logprobs": .integer, "responseModalities": .array(of: .string),
        "speechConfig": .map, "imageConfig": .map, "mediaResolution": .string, "enableEnhancedCivicAnswers": .bool,
        "thinkingConfig": .object(
            Shape(fields: [
                "includeThoughts": .bool, "thinkingBudget": .integer,
                "thinkingLevel": .word(["MINIMAL", "LOW", "MEDIUM", "HIGH", "minimal", "low", "medium", "high"]),
            ])
        ),
    ])

    private static let embeddingFields: [String: Shape.Kind] = [
        "model": .string, "content": .object(content), "taskType": .string, "title": .string,
        "outputDimensionality": .integer,
    ]

    static let embedding = Shape(fields: embeddingFields, required: ["content"])
    static let namedEmbedding = Shape(fields: embeddingFields, required: ["model", "content"])
}
