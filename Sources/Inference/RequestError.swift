/// Why can a client's request not be served as it stands? Told to the client in its own dialect, with the field's name.
package struct RequestError: Error, Equatable, Sendable {
    /// What the client can program against.
    package enum Code: String, Equatable, Sendable {
        /// The body is no JSON, or not JSON we accept.
        case invalidJSON = "invalid_json"
        /// The body is no form, or one that not all readers understand alike.
        case invalidForm = "invalid_form"
        /// A field is missing.
        case missing = "missing_required_parameter"
        /// A field holds a value of the wrong type.
        case wrongType = "invalid_type"
        /// A field holds a value that is not allowed.
        case wrongValue = "invalid_value"
        /// The provider that was chosen has no way to say this.
        case unsupported = "unsupported_parameter"
        /// A response that the conversation goes on from is not there.
        case noSuchResponse = "previous_response_not_found"
    }

    /// The HTTP status: 400, or 413 for a body that is too large.
    package let status: Int
    /// For a person.
    package let message: String
    /// The field it is about, as a path: `messages[2].content`.
    package let param: String?
    /// For a program.
    package let code: Code

    /// An error about a field.
    package init(_ code: Code, _ param: String?, _ message: String, status: Int = 400) {
        self.status = status
        self.message = message
        self.param = param
        self.code = code
    }

    static func missing(_ param: String) -> RequestError {
        RequestError(.missing, param, "Missing required parameter: '\(param)'.")
    }

    static func wrongType(_ param: String, wanted: String) -> RequestError {
        RequestError(.wrongType, param, "Invalid type for '\(param)': expected \(wanted).")
    }

    static func wrongValue(_ param: String, wanted: String) -> RequestError {
        RequestError(.wrongValue, param, "Invalid value for '\(param)': expected \(wanted).")
    }

    /// What the middle form, and so every dialect but the client's own, cannot say.
    static func untranslatable(_ param: String) -> RequestError {
        RequestError(
            .unsupported,
            param,
            "'\(param)' is only served by providers that speak the request's own dialect; the chosen one speaks another."
        )
    }

    /// What would go without effect at one target, where the operator has not allowed that.
    static func leftOut(_ param: String, in dialect: Dialect) -> RequestError {
        inexpressible(
            param,
            in: dialect,
            "it has no such field ('not-carried: report' on the model's group would leave it out)"
        )
    }

    /// The same for what one provider does not take, whatever its dialect says.
    static func notTaken(_ param: String) -> RequestError {
        let text =
            "'\(param)' is not taken by this model's provider ('not-carried: report' on the model's group would leave it out)."
        return RequestError(.unsupported, param, text)
    }

    /// What one target cannot say.
    static func inexpressible(_ param: String, in dialect: Dialect, _ reason: String) -> RequestError {
        RequestError(
            .unsupported,
            param,
            "'\(param)' cannot be expressed in the \(dialect.rawValue) dialect: \(reason)."
        )
    }
}
