/// Which call has which answer: the only place that knows.
package import Inference

extension ControlClient {
    package func status() throws(ControlError) -> StatusReply { try reply(to: .status, as: StatusReply.self) }

    package func groups() throws(ControlError) -> [GroupRow] { try reply(to: .show(.groups), as: [GroupRow].self) }

    package func members() throws(ControlError) -> [MemberRow] { try reply(to: .show(.members), as: [MemberRow].self) }

    package func routes() throws(ControlError) -> [ObjectRow] { try reply(to: .show(.routes), as: [ObjectRow].self) }

    package func drift() throws(ControlError) -> [ObjectRow] { try reply(to: .show(.drift), as: [ObjectRow].self) }

    package func rules() throws(ControlError) -> [ObjectRow] { try reply(to: .show(.rules), as: [ObjectRow].self) }

    package func probes() throws(ControlError) -> [ProbeRow] { try reply(to: .show(.probes), as: [ProbeRow].self) }

    package func bfd() throws(ControlError) -> [BFDRow] { try reply(to: .show(.bfd), as: [BFDRow].self) }

    package func providers() throws(ControlError) -> [ProviderRow] {
        try reply(to: .show(.providers), as: [ProviderRow].self)
    }

    /// Newest first.
    package func decisions() throws(ControlError) -> [DecisionRecord] {
        try reply(to: .show(.decisions), as: [DecisionRecord].self)
    }

    package func overrides() throws(ControlError) -> [OverrideRow] {
        try reply(to: .show(.overrides), as: [OverrideRow].self)
    }

    package func policies() throws(ControlError) -> [PolicyRow] {
        try reply(to: .show(.policies), as: [PolicyRow].self)
    }

    package func sets() throws(ControlError) -> [SetRow] { try reply(to: .show(.sets), as: [SetRow].self) }

    package func plan(_ files: ConfigurationFiles) throws(ControlError) -> PlanReply {
        try reply(to: .plan(files), as: PlanReply.self)
    }

    package func apply(_ request: ApplyRequest) throws(ControlError) -> ApplyReply {
        try reply(to: .apply(request), as: ApplyReply.self)
    }

    package func confirm() throws(ControlError) -> ConfirmReply { try reply(to: .confirm, as: ConfirmReply.self) }

    package func rollBack(_ request: RollbackRequest) throws(ControlError) -> ApplyReply {
        try reply(to: .rollback(request), as: ApplyReply.self)
    }

    /// Newest first.
    package func history() throws(ControlError) -> [HistoryRow] { try reply(to: .history, as: [HistoryRow].self) }

    /// The texts of a configuration of the history; nil: of the running one.
    package func configuration(_ number: Int?) throws(ControlError) -> ConfigurationFiles {
        try reply(to: .configuration(number), as: ConfigurationFiles.self)
    }

    package func kernelDiff() throws(ControlError) -> PlanReply { try reply(to: .kernelDiff, as: PlanReply.self) }

    package func explain(_ question: RouteQuestion) throws(ControlError) -> ExplainReply {
        try reply(to: .explainRoute(question), as: ExplainReply.self)
    }

    package func explain(_ question: ModelQuestion) throws(ControlError) -> ExplainReply {
        try reply(to: .explainModel(question), as: ExplainReply.self)
    }

    package func explain(decision id: String) throws(ControlError) -> ExplainReply {
        try reply(to: .explainDecision(id: id), as: ExplainReply.self)
    }

    package func probe(_ member: String) throws(ControlError) -> ProbeReply {
        try reply(to: .probe(ProbeWish(member: member)), as: ProbeReply.self)
    }

    package func flows(on member: String) throws(ControlError) -> FlowsReply {
        try reply(to: .flows(FlowsWish(member: member)), as: FlowsReply.self)
    }

    package func top() throws(ControlError) -> TopReply { try reply(to: .top, as: TopReply.self) }

    package func usage(_ question: UsageQuestion) throws(ControlError) -> UsageReply {
        try reply(to: .usage(question), as: UsageReply.self)
    }

    package func set(_ request: AdminRequest) throws(ControlError) -> AdminReply {
        try reply(to: .setAdmin(request), as: AdminReply.self)
    }

    package func keys() throws(ControlError) -> [KeyRow] { try reply(to: .show(.keys), as: [KeyRow].self) }

    package func create(_ wish: KeyWish) throws(ControlError) -> KeyReply {
        try reply(to: .createKey(wish), as: KeyReply.self)
    }

    package func rotate(_ wish: KeyRotation) throws(ControlError) -> KeyReply {
        try reply(to: .rotateKey(wish), as: KeyReply.self)
    }

    package func revoke(_ wish: KeyRevocation) throws(ControlError) -> KeyReply {
        try reply(to: .revokeKey(wish), as: KeyReply.self)
    }
}
