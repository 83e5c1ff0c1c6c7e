/// Writes server-sent events.
package enum EventStreamWriter {
    /// Appends one event. Line ends inside the data, of any of the three kinds, become several data lines, as the format wants.
    /// The name must hold no line end; if it does, it is cut there.
    package static func append(event name: String = "", data: [UInt8], to bytes: inout [UInt8]) {
        if !name.isEmpty {
            bytes.append(contentsOf: "event: ".utf8)
            bytes.append(contentsOf: name.utf8.prefix { !isLineEnd($0) })
            bytes.append(0x0A)
        }
        bytes.append(contentsOf: dataField)
        var start = 0
        while let end = ByteScan.lineEnd(data.span.bytes, from: start) {
            bytes.append(contentsOf: data[start..<end])
            bytes.append(0x0A)
            bytes.append(contentsOf: dataField)
            let isPair = data[end] == 0x0D && end + 1 < data.count && data[end + 1] == 0x0A
            start = end + (isPair ? 2 : 1)
        }
        bytes.append(contentsOf: data[start...])
        bytes.append(0x0A)
        bytes.append(0x0A)
    }

    /// A comment, which clients ignore: sent on a silent stream so that nothing between us and them thinks it dead.
    package static let heartbeat: [UInt8] = Array(":\n\n".utf8)

    private static let dataField = Array("data: ".utf8)

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
}
