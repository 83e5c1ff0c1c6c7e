/// How `nft` finds the comment of a table or rule: type, length and text with its NUL, inside the object's user data.
///
/// The layout is libnftnl's `NFTNL_UDATA_*`: one byte of type, one of length. Comments are type 0 for tables and rules alike.
enum NftComment {
    /// `NFTNL_UDATA_COMMENT_MAXLEN`: the longest text, with its NUL, that `nft` prints.
    static let limit = 128
    private static let type: UInt8 = 0

    /// User data that holds only this comment, or nil when the text is too long or has a NUL inside.
    static func userData(_ text: String) -> [UInt8]? {
        let units = Array(text.utf8)
        guard units.count < limit, !units.contains(0) else { return nil }
        return [type, UInt8(units.count + 1)] + units + [0]
    }

    /// The comment in an object's user data; nil when there is none.
    static func text(in userData: UnsafeRawBufferPointer) -> String? {
        var offset = 0
        while userData.count - offset >= 2 {
            let length = Int(userData[offset + 1])
            guard length <= userData.count - offset - 2 else { return nil }
            if userData[offset] == type {
                return String(decoding: userData[(offset + 2)...].prefix(length).prefix { $0 != 0 }, as: UTF8.self)
            }
            offset += 2 + length
        }
        return nil
    }
}
