/// The stream of parsing events of one YAML text, each with its place: libyaml, as Yams carries it.
///
/// Events and not Yams' own node tree, because that tree stops at the first duplicate key, has resolved its aliases away and has
/// forgotten where scalars end.
internal import CYaml

/// One event, with everything of it copied out of libyaml's memory.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd
        case documentStart(hasDirectives: Bool)
        case documentEnd
        case alias
        case scalar(String, YAMLScalarStyle)
        case listStart, listEnd, mapStart, mapEnd
    }

    let kind: Kind
    let start: YAMLMark
    let end: YAMLMark
    let hasAnchor: Bool
    /// A tag that was written (`!!str`, `!x`).
    let tag: String?
}

enum YAMLScalarStyle {
    case plain, singleQuoted, doubleQuoted, literal, folded
}

/// A place as libyaml counts: both from 0, columns in Unicode scalars.
struct YAMLMark {
    let line: Int
    let column: Int
}

/// Why the text is not YAML.
struct YAMLRefusal: Error {
    let problem: String
    let mark: YAMLMark
    /// What libyaml was doing (`while parsing a block mapping`) and since where.
    let context: String?
    let contextMark: YAMLMark
}

/// Owns one libyaml parser. The bytes must outlive it.
final class YAMLEvents {
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// Nil when there is no memory for a parser.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            return nil
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event; `.streamEnd` for ever after the last.
    func next() throws(YAMLRefusal) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw refusal }
        defer { yaml_event_delete(&event) }
        return Self.copy(of: event)
    }

    private var refusal: YAMLRefusal {
        let at = parser.pointee
        return YAMLRefusal(
            problem: at.problem.map { String(cString: $0) } ?? "no memory",
            mark: YAMLMark(at.problem_mark),
            context: at.context.map { String(cString: $0) },
            contextMark: YAMLMark(at.context_mark)
        )
    }

    private static func copy(of event: yaml_event_t) -> YAMLEvent {
        var (anchor, tag): (UnsafeMutablePointer<yaml_char_t>?, UnsafeMutablePointer<yaml_char_t>?) = (nil, nil)
        let kind: YAMLEvent.Kind
        switch event.type {
        case YAML_STREAM_START_EVENT: kind = .streamStart
        case YAML_DOCUMENT_START_EVENT:
            let start = event.data.document_start
            let hasTags = start.tag_directives.start != start.tag_directives.end
            kind = .documentStart(hasDirectives: start.version_directive != nil || hasTags)
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_ALIAS_EVENT: kind = .alias
        case YAML_SCALAR_EVENT:
            (anchor, tag) = (event.data.scalar.anchor, event.data.scalar.tag)
            kind = .scalar(text(of: event), style(of: event))
        case YAML_SEQUENCE_START_EVENT:
            (anchor, tag) = (event.data.sequence_start.anchor, event.data.sequence_start.tag)
            kind = .listStart
        case YAML_SEQUENCE_END_EVENT: kind = .listEnd
        case YAML_MAPPING_START_EVENT:
            (anchor, tag) = (event.data.mapping_start.anchor, event.data.mapping_start.tag)
            kind = .mapStart
        case YAML_MAPPING_END_EVENT: kind = .mapEnd
        default: kind = .streamEnd
        }
        return YAMLEvent(
            kind: kind,
            start: YAMLMark(event.start_mark),
            end: YAMLMark(event.end_mark),
            hasAnchor: anchor != nil,
            tag: tag.map { String(cString: $0) }
        )
    }

    private static func text(of event: yaml_event_t) -> String {
        let bytes = UnsafeBufferPointer(start: event.data.scalar.value, count: event.data.scalar.length)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func style(of event: yaml_event_t) -> YAMLScalarStyle {
        switch event.data.scalar.style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }
}

extension YAMLMark {
    init(_ mark: yaml_mark_t) { self.init(line: Int(mark.line), column: Int(mark.column)) }
}
