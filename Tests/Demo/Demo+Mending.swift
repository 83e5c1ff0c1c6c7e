import Lab
import LabText

/// Step 5: what was broken comes back. Is everything as at the start, without a packet lost on the way?
extension Demo {
    /// `recover-after` and one request, or `up-after` rounds, with time to spare.
    private static let returnLimit = Duration.seconds(15)

    mutating func mend() throws {
        narrator.title("5. Both are mended")
        narrator.say("alpha answers again, and so does isp1:")
        narrator.command("nft flush chain inet lab gate    # under a stream of packets", in: "isp1")
        try stage.alpha.mode("ok")
        let streams = try startStreams()
        rest(.milliseconds(200))
        let mended = try stage.site.mend(.isp1)
        let up = try eventually("uplink 1 up in both families", within: Demo.returnLimit, every: .milliseconds(20)) {
            let health = try stage.martlet.health()
            return Demo.fiber.allSatisfy { health[$0] == "up" } ? Moment.now : nil
        }
        rest(.milliseconds(500))
        for (family, stream) in streams {
            let result = try stream.finish()
            expect("uplink back, \(family.words) packets lost of \(result.sent)", count: result.lost, exactly: 0)
        }
        // Each of the rounds may come a tenth late, and the first waits for its turn.
        let bound = Double(SiteFile.probeEvery * (SiteFile.upAfter + 1)) * 1.1 + 100
        expect("uplink back, until it is up", milliseconds: up.milliseconds(since: mended), atMost: bound)
        try waitForAlpha()
        try stage.martlet.show("status")
        try expectNothingToDo()
    }

    private mutating func waitForAlpha() throws {
        try eventually("alpha may be asked again", within: Demo.returnLimit, every: .milliseconds(50)) {
            try stage.martlet.health()["chat.first any"] != "down"
        }
        let chat = try stage.chat("Did anything happen?", over: .v4)
        expect("alpha back, chat answered by", is: try stage.record(of: chat).answeredBy, "chat.first over wan.fiber")
    }

    /// After all this the kernel holds what the file says.
    private mutating func expectNothingToDo() throws {
        let file = stage.site.workspace.path("martlet.yaml")
        try stage.martlet.show("plan", file)
        let plan = try stage.martlet.json("plan", file)
        expect("in the end, kernel changes planned", count: plan["changes"]?.elements?.count ?? -1, exactly: 0)
    }
}
