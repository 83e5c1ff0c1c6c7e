/// Is the real client served where it is about pictures, sound and order, and is what it used written down in its own units?
import Foundation
import Glibc
import Lab
import LabText
import Testing

/// As in `ModelsClientTests`.
private let python = ProcessInfo.processInfo.environment["MARTLET_PYTHON"]

extension ModelsSuites {
    @Suite(
        .serialized,
        .enabled(if: python != nil, "MARTLET_PYTHON names no interpreter with the clients' packages: run scripts/test")
    )
    struct ModelsMediaTests {
        @Test func theRealClientIsServedWithPicturesSoundAndOrder() throws {
            let models = try ModelsSite { file, _ in
                let price =
                    "price: { input: 1 USD/Mtok, output: 2 USD/Mtok, made-image: 0.04 USD/image, sound: 0.006 USD/min, speech: 15 USD/Mchar }"
                file.groups[0] = file.groups[0].replacing("model: gpt-5,", with: "model: gpt-5, \(price),")
                    .replacing(ModelsFile.timeouts, with: Self.timeouts)
            }
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Clients/media_check.py")
            let gateway = try models.gateway()
            let before = try Self.memory(gateway, "VmRSS")
            let result = try models.site.client.attempt([
                try #require(python), script.path, "--key", ModelsSite.clientKey("ci"), "--base-url",
                "http://\(Site.lan.v4):\(ModelsSite.port)/v1", "--model", "chat", "--foreign", "talk.first",
            ])
            let cases = try JSON.parseLines(result.output)
            for row in cases {
                #expect(row["ok"]?.bool == true, "\(row["case"]?.string ?? "?"): \(row["detail"]?.string ?? "")")
            }
            #expect(cases.count == Self.cases && result.status == 0, "\(result.errorOutput)")
            try Self.checkUnits(models)
            // Of a file of 60 MiB no more was ever in memory than what is kept to try again, some copies of it, and buffers.
            #expect(try Self.memory(gateway, "VmHWM") < before + (40 << 20))
            models.tearDown()
        }

        private static let cases = 16
        /// A machine of two cores may be busy with other things than 60 MiB.
        private static let timeouts =
            "timeouts: { connect: 10s, head: 30s, first-token: 30s, between-tokens: 30s, total: 120s }"

        /// Bytes, of what the kernel says of a process.
        private static func memory(_ pid: pid_t, _ name: String) throws -> Int {
            let text = try #require(ModelsSite.status(pid)[name])
            return try #require(Int(text.prefix { $0.isNumber })) << 10
        }

        /// Pictures: two, one, one and one. Sound: 3 s where its seconds are told, and 2.5 s; what came as events was reported in tokens. Speech: one
        /// text three times.
        private static func checkUnits(_ models: ModelsSite) throws {
            let decisions = try models.show("decisions").elements ?? []
            let used = { (operation: String, unit: String) in
                decisions.filter { $0["operation"]?.string == operation }
                    .compactMap { $0["cost"]?["units"]?[unit]?.integer }
                    .filter { $0 > 0 }
                    .sorted()
            }
            #expect(used("image_generation", "images") == [1, 2] && used("image_edit", "images") == [1])
            #expect(used("speech", "characters") == [53, 53, 53])
            #expect(used("translation", "milliseconds") == [3000])
            #expect(
                used("transcription", "milliseconds").contains(2500)
                    && used("transcription", "milliseconds").contains(3000)
            )
            let edit = decisions.first { $0["operation"]?.string == "image_edit" }
            #expect(
                edit?["cost"]?["picoDollars"]?.integer == 40_000_000_000,
                "by the picture: \(edit?.description ?? "")"
            )
            let usage = try JSON.parse(try models.martlet("usage", "--json").output)
            #expect(usage["total"]?["images"]?.integer == 5 && usage["total"]?["spokenCharacters"]?.integer == 159)
        }
    }
}
