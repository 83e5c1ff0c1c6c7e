/// Where does a line end, and what may stand in it? CRLF alone ends one. Every line is looked at once, when its end has come: what is
/// wrong with it is the same however the bytes were cut.
extension HTTPReader {
    /// The line that begins at `lineStart`, without its end; nil when that has not come.
    mutating func line(
        _ bytes: RawSpan,
        _ front: Int,
        limit: Int,
        or tooLong: HTTPError
    ) throws(HTTPError) -> Range<Int>? {
        let start = front + lineStart
        let stop = ByteScan.controlStop(bytes, from: front + searched)
        guard stop - start <= limit else { throw tooLong }
        searched = stop - front
        guard stop < bytes.byteCount else { return nil }
        switch ByteScan.byte(bytes, stop) {
        case 0x0D: break
        case 0x0A: throw .bareLineFeed
        default: throw .controlCharacter
        }
        guard stop + 1 < bytes.byteCount else { return nil }
        guard ByteScan.byte(bytes, stop + 1) == 0x0A else { throw .bareCarriageReturn }
        lineStart = stop + 2 - front
        searched = lineStart
        return start..<stop
    }

    /// A line of a head or of a trailer section, which has a limit as a whole.
    mutating func sectionLine(_ bytes: RawSpan, _ front: Int) throws(HTTPError) -> Range<Int>? {
        let (own, tooLong) = ownLimit
        let left = limits.head - lineStart - 2
        return left < own
            ? try line(bytes, front, limit: left, or: .headTooLarge) : try line(bytes, front, limit: own, or: tooLong)
    }

    private var ownLimit: (Int, HTTPError) {
        stage == .head && !hasStartLine
            ? (limits.startLine, .startLineTooLong) : (limits.fieldLine, .fieldLineTooLong)
    }

    /// Everything up to the line that comes next has been read.
    mutating func take(_ front: inout Int) {
        front += lineStart
        lineStart = 0
        searched = 0
    }

    /// `NAME: VALUE` (RFC 9112 §5). No blank before the colon (§5.1), no line that goes on with the one before (§5.2).
    func fieldPlace(_ bytes: RawSpan, _ line: Range<Int>) throws(HTTPError) -> HTTPMessage.Place {
        if HTTPOctets.isBlank(ByteScan.byte(bytes, line.lowerBound)) { throw .foldedLine }
        var colon = line.lowerBound
        while colon < line.upperBound, HTTPOctets.isToken(ByteScan.byte(bytes, colon)) { colon &+= 1 }
        guard colon > line.lowerBound, colon < line.upperBound, ByteScan.byte(bytes, colon) == UInt8(ascii: ":") else {
            throw .badField
        }
        let value = bytes.trimmed((colon + 1)..<line.upperBound)
        return HTTPMessage.Place(name: line.lowerBound..<colon, value: value)
    }
}
