/// How does a connection end whose client takes nothing any more? Without the farewell of TLS, which would stand behind all that waits for the
/// client already, and be waited for.
import NIOCore
import NIOSSL

extension ChannelHandlerContext {
    /// Closes the connection at once, and drops what was not sent.
    func abort() {
        // From beneath TLS, where there is any.
        let tls = try? pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
        (tls ?? self).close(promise: nil)
    }
}
