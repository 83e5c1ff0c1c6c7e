/// Which release is this? Said by both programs, so that an operator sees when they differ.
package enum MartletVersion {
    package static let text = "0.1.0"
}
