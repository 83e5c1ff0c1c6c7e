/// Which routes of long lists have to be set and which deleted? One pass over sorted lists, made outside of the turn, on a snapshot.
package import NetTypes

/// What is wished and what is there, in lists.
package struct FeedQuestion: Hashable, Sendable, Codable {
    package let wished: [RouteSegment]
    package let observed: [RouteSegment]
    /// Sorted prefixes that are left to the ordinary plan: routes written in the file, strangers', and what differs from the lists.
    package let apart: [IPPrefix]

    package init(wished: [RouteSegment], observed: [RouteSegment], apart: [IPPrefix]) {
        (self.wished, self.observed, self.apart) = (wished, observed, apart)
    }
}

/// One kind of change to the routes of one list.
package struct FeedStep: Hashable, Sendable, Codable {
    package enum Operation: String, Hashable, Sendable, Codable {
        /// Makes what is not there; refused where somebody holds the key (`NLM_F_EXCL`).
        case add
        /// Gives what is ours and there another action.
        case replace
        case delete
    }

    package let operation: Operation
    package let routes: RouteSegment

    package init(_ operation: Operation, _ routes: RouteSegment) { (self.operation, self.routes) = (operation, routes) }
}

/// The steps from what is there to what is wished, in their order: what is made before what goes.
package struct FeedPlan: Hashable, Sendable, Codable {
    package let steps: [FeedStep]
    /// What is there when all of it is done.
    package let after: [RouteSegment]

    package init(steps: [FeedStep], after: [RouteSegment]) { (self.steps, self.after) = (steps, after) }

    /// How many routes are touched.
    package var count: Int { steps.reduce(0) { $0 + $1.routes.count } }

    package static func answering(_ question: FeedQuestion) -> FeedPlan {
        var steps: [FeedStep] = []
        for family in AddressFamily.allCases {
            switch family {
            case .v4: steps += FamilyDifference(question, family, \.v4) { PrefixList(v4: $0) }.steps()
            case .v6: steps += FamilyDifference(question, family, \.v6) { PrefixList(v6: $0) }.steps()
            }
        }
        let made = steps.filter { $0.operation != .delete }
        return FeedPlan(steps: made + steps.filter { $0.operation == .delete }, after: question.wished)
    }
}

/// The comparison in one family.
private struct FamilyDifference<P: PackedPrefix> {
    private let wished: [RouteSegment]
    private let observed: [RouteSegment]
    private let apart: [P]
    private let prefixes: (PrefixList) -> [P]
    private let list: ([P]) -> PrefixList

    init(
        _ question: FeedQuestion,
        _ family: AddressFamily,
        _ prefixes: @escaping (PrefixList) -> [P],
        list: @escaping ([P]) -> PrefixList
    ) {
        wished = question.wished.filter { $0.family == family }
        observed = question.observed.filter { $0.family == family }
        apart = question.apart.filter { $0.family == family }.map(P.init)
        (self.prefixes, self.list) = (prefixes, list)
    }

    func steps() -> [FeedStep] {
        if wished == observed { return [] }
        var wish = Heads(wished.map { prefixes($0.list) })
        var there = Heads(observed.map { prefixes($0.list) })
        var left = Heads([apart])
        var (adds, replaces) = ([[P]](repeating: [], count: wished.count), [[P]](repeating: [], count: wished.count))
        var deletes = [[P]](repeating: [], count: observed.count)
        while let next = least(wish.least, there.least) {
            let (wanted, found) = (wish.pass(next), there.pass(next))
            if left.passed(upTo: next) { continue }
            if let wanted {
                if let found {
                    if wished[wanted].action != observed[found].action { replaces[wanted].append(next) }
                } else {
                    adds[wanted].append(next)
                }
            } else if let found {
                deletes[found].append(next)
            }
        }
        return made(.add, adds, wished) + made(.replace, replaces, wished) + made(.delete, deletes, observed)
    }

    private func made(_ operation: FeedStep.Operation, _ lists: [[P]], _ segments: [RouteSegment]) -> [FeedStep] {
        zip(lists, segments).compactMap { routes, segment in
            if routes.isEmpty { return nil }
            // A whole list is its own step: nothing is held twice.
            let isWhole = routes.count == segment.count && segment.list.count == segment.count
            let list = isWhole ? segment.list : list(routes)
            return FeedStep(operation, RouteSegment(segment.family, segment.action, list))
        }
    }

    private func least(_ a: P?, _ b: P?) -> P? {
        guard let a else { return b }
        guard let b else { return a }
        return min(a, b)
    }
}

/// Several sorted lists, each with the place up to which it has been passed.
private struct Heads<P: PackedPrefix> {
    private let lists: [[P]]
    private var places: [Int]

    init(_ lists: [[P]]) {
        self.lists = lists
        places = lists.map { _ in 0 }
    }

    /// The least prefix that has not been passed.
    var least: P? {
        var least: P?
        for index in lists.indices where places[index] < lists[index].count {
            let head = lists[index][places[index]]
            if let other = least, other <= head { continue }
            least = head
        }
        return least
    }

    /// Passes the prefix in every list that it heads; gives the first of them.
    mutating func pass(_ prefix: P) -> Int? {
        var first: Int?
        for index in lists.indices where places[index] < lists[index].count && lists[index][places[index]] == prefix {
            places[index] += 1
            if first == nil { first = index }
        }
        return first
    }

    /// Passes everything below the prefix, and the prefix; says whether it was there.
    mutating func passed(upTo prefix: P) -> Bool {
        var isThere = false
        for index in lists.indices {
            while places[index] < lists[index].count, lists[index][places[index]] <= prefix {
                isThere = isThere || lists[index][places[index]] == prefix
                places[index] += 1
            }
        }
        return isThere
    }
}
