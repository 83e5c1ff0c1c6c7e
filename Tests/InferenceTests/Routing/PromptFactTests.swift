/// What is found out of a prompt: its language, its code, its parts; each by what a person would say of it.
import PolicyEngine
import Testing

@testable import Inference

@Suite struct PromptFactTests {
    @Test(
        arguments: [
            ("What is the best way to learn how the engine of a car works?", "en"),
            ("Wie ist das Wetter morgen, und soll ich einen Schirm mit auf den Weg nehmen?", "de"),
            ("Pouvez-vous me dire quelle est la capitale de la France et pourquoi ?", "fr"),
            ("¿Cómo puedo aprender a cocinar una tortilla para los niños por la noche?", "es"),
            ("Vorrei sapere che cosa è successo nel 1789 e per quali motivi, non solo in Francia.", "it"),
            ("Você pode explicar como uma vacina é feita e para que serve o reforço?", "pt"),
            ("Ik wil graag weten wat het verschil is tussen een en twee, en hoe dat komt.", "nl"),
            ("Jag vill veta hur det är att bo på landet och vad som är bra med det.", "sv"),
            ("Czy możesz mi powiedzieć, jak to jest, że nie ma dla mnie biletu na pociąg?", "pl"),
            ("Bu konu için bir kitap önerir misin ve ne kadar sürer?", "tr"),
            ("Как приготовить борщ на четверых?", "ru"),
            ("Який сьогодні день і чи буде дощ у Києві?", "uk"),
            ("今天天气怎么样？", "zh"),
            ("明日の天気はどうですか", "ja"),
            ("오늘 날씨 어때요?", "ko"),
            ("ما هي عاصمة مصر؟", "ar"),
            ("מה מזג האוויר מחר?", "he"),
            ("Ποια είναι η πρωτεύουσα;", "el"),
            ("भारत की राजधानी क्या है", "hi"),
            ("วันนี้อากาศเป็นอย่างไร", "th"),
        ]
    )
    func aLanguageIsTold(_ text: String, _ expected: String) {
        #expect(PromptLanguage(of: Array(text.utf8))?.rawValue == expected)
    }

    @Test(arguments: [
        ("", "nothing"), ("42 + 17 =", "no letters"), ("hello", "one word says too little"),
        ("Xylophon quartz zebra", "no small words"), ("kubectl get pods", "commands"),
    ])
    func whatSaysTooLittleIsNobodysLanguage(_ text: String, _ why: String) {
        #expect(PromptLanguage(of: Array(text.utf8)) == nil, Comment(rawValue: why))
    }

    @Test(arguments: [
        ("Fix this:\n```\nx\n```", true, "a fence"),
        ("def add(a, b):\n    return a + b", true, "Python"),
        ("int main(void) {\n  puts(\"hi\");\n}", true, "C"),
        ("#include <stdio.h>\nint x = 3;", true, "a header and a statement"),
        ("SELECT name FROM users;\nUPDATE users SET name = 'x';", true, "SQL"),
        ("Please write a poem about the sea.\nIt should rhyme.", false, "prose"),
        ("Dear all,\nlet me say (once) that this is fine;\nreturn the books soon.\nBest,\nMe", false, "a letter"),
        ("from my point of view it is good", false, "a word that programs begin with"),
        ("", false, "nothing"),
    ])
    func codeIsTold(_ text: String, _ expected: Bool, _ why: String) {
        #expect(PromptCode.isIn(Array(text.utf8)) == expected, Comment(rawValue: why))
    }

    private func value(_ fact: RequestFact, _ members: String, _ change: (inout ClientRequest) -> Void = { _ in })
        throws -> FactValue
    {
        var facts = try Stage.facts(Array(#"{"model":"chat",\#(members)}"#.utf8), change)
        return facts.value(fact.slot)
    }

    @Test func partsOfBothDialectsAreKnown() throws {
        let openai =
            #""messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}]}]"#
        #expect(try value(.modality, openai) == .words(["image", "text"]))
        let anthropic =
            #""messages":[{"role":"user","content":[{"type":"document"},{"type":"tool_result","content":[{"type":"image"}]}]}]"#
        #expect(try value(.modality, anthropic) == .words(["file", "image"]))
        #expect(try value(.modality, #""messages":[]"#) == .words([]))
    }

    @Test func aSchemaIsKnownInEitherDialect() throws {
        #expect(try value(.wantsSchema, #""messages":[],"response_format":{"type":"json_schema"}"#) == .flag(true))
        #expect(try value(.wantsSchema, #""messages":[],"output_format":{"type":"json_schema"}"#) == .flag(true))
        #expect(try value(.wantsSchema, #""messages":[],"response_format":{"type":"json_object"}"#) == .flag(false))
        #expect(try value(.wantsSchema, #""messages":[]"#) == .flag(false))
    }

    @Test func theLanguageIsThatOfTheUserAndEscapesAreResolved() throws {
        let escaped =
            #""messages":[{"role":"system","content":"You are the best of all that is, and it is for you"},"#
            + #"{"role":"user","content":"\u041a\u0430\u043a\u043e\u0439 \u0441\u0435\u0433\u043e\u0434\u043d\u044f"}]"#
        #expect(try value(.language, escaped) == .text("ru"))
        #expect(try value(.language, #""messages":[{"role":"user","content":"ok"}]"#) == .absent)
    }

    @Test func onlyTheEndOfALongPromptIsRead() throws {
        let long = String(repeating: "der die das und ist ", count: 2000)
        let english = String(repeating: "the and of to is that ", count: 400)
        let members = #""messages":[{"role":"user","content":"\#(long + english)"}]"#
        #expect(try value(.language, members) == .text("en"))
        var facts = try Stage.facts(Array(#"{"model":"chat",\#(members)}"#.utf8))
        _ = facts.value(RequestFact.language.slot)
        #expect(PromptText.end(of: Array("\"\(long)\"".utf8)[...], bytes: 100).count == 100)
    }

    @Test func whatTheConnectionTellsIsThere() throws {
        let body = #""messages":[]"#
        #expect(try value(.time, body) { $0.secondOfDay = 3600 } == .number(3600))
        #expect(try value(.time, body) == .absent)
        let field = FactValue.Field(name: "x-team", value: "blue")
        #expect(try value(.header, body) { $0.headers = [field] } == .fields([field]))
        #expect(try value(.tags, body) { $0.tags = ["batch"] } == .words(["batch"]))
    }

    /// A condition asks from left to right, and no further than its verdict needs.
    @Test func aFactThatNobodyNeedsIsNotAskedFor() throws {
        let match = try Stage.match(#"model == "auto" and prompt.has-code"#)
        var asked: [Int] = []
        #expect(
            !match.evaluate { slot in
                asked.append(slot.index)
                return slot == RequestFact.model.slot ? .text("chat") : .flag(true)
            }
        )
        #expect(asked == [RequestFact.model.rawValue])
    }
}
