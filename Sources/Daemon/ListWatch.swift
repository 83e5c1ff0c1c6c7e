/// When has the file of a list changed, and what stands in it then? A thread that waits for the directories of the files, lets a writer
/// finish, reads, and tells.
///
/// Directories are followed rather than files, because a careful writer makes a new file and renames it. What inotify does not see, a
/// changed target of a symbolic link or a directory that was replaced, is found by looking at the files now and then.
import ConfigModel
import ConfigYAML
import Foundation
import NetTypes
import Probing
import Runtime
import Synchronization

final class ListWatch: Sendable {
    /// What is read from the file.
    enum Use: Hashable, Comparable, Sendable {
        case feed(String)
        case set(String)
    }

    struct File: Hashable, Sendable {
        let use: Use
        let path: String

        fileprivate var directory: String {
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            return folder.isEmpty ? "/" : folder
        }
    }

    /// Of a writer that does not rename: so long after its last write the file counts as whole.
    private static let quiet = Span.milliseconds(200)
    /// Of one that never stops: the file is read at least this often.
    private static let longestWait = Span.seconds(2)
    /// Between two looks at what inotify does not tell.
    private static let lookEvery = Span.seconds(10)

    private struct State {
        var files: [File] = []
        var thread: Thread?
        var descriptor: Int32 = -1
        var isStopping = false
    }

    private let state = Mutex(State())
    private let tell: @Sendable (Fact) -> Void

    /// - Parameter tell: called on the watch's thread whenever a file was read again.
    init(_ tell: @escaping @Sendable (Fact) -> Void) { self.tell = tell }

    /// Follows these files and no others. They count as read; the thread starts with the first of them.
    func follow(_ files: [File]) throws {
        try state.withLock { state in
            state.files = files
            if state.thread == nil, !files.isEmpty { try start(&state) }
            for directory in Set(files.map(\.directory)) where state.descriptor >= 0 {
                _ = inotify_add_watch(state.descriptor, directory, Self.events)
            }
        }
    }

    func stop() { state.withLock { $0.isStopping = true } }

    private static let events = UInt32(
        IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE
    )

    private func start(_ state: inout State) throws {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor >= 0 else { throw DaemonError.system("cannot follow files", errno: errno) }
        state.descriptor = descriptor
        let thread = Thread { [self] in run(descriptor) }
        thread.name = "martlet-lists"
        state.thread = thread
        thread.start()
    }

    // MARK: - The thread

    private func run(_ descriptor: Int32) {
        var looks = Looks(files: state.withLock { $0.files })
        while !state.withLock({ $0.isStopping }) {
            let changed = Self.wait(descriptor, until: looks.nextDue ?? BootClock.now() + Self.lookEvery)
            let (files, isStopping) = state.withLock { ($0.files, $0.isStopping) }
            if isStopping { break }
            looks.follow(files)
            if changed { looks.noteChange(quiet: Self.quiet, atMost: Self.longestWait) }
            guard looks.isDue(every: Self.lookEvery) else { continue }
            for file in looks.changed() { tell(Self.reading(of: file)) }
        }
        close(descriptor)
    }

    private static func reading(of file: File) -> Fact {
        switch file.use {
        case .feed(let name): .list(ListReading.of(name, at: file.path, ListFile.contents))
        case .set(let name): .set(SetReading.of(name, at: file.path, ListFile.contents))
        }
    }

    /// Waits for any event in the directories; all that are there are taken.
    private static func wait(_ descriptor: Int32, until end: Instant) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // Rounded up: a wait that ends early would have to be begun again.
        let left = Int32(clamping: max(0, (end - BootClock.now()).nanoseconds + 999_999) / 1_000_000)
        guard poll(&entry, 1, left) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while read(descriptor, &buffer, buffer.count) > 0 {}
        return true
    }
}

/// What the files looked like when they were last read, and when they are to be looked at again.
private struct Looks {
    /// By this a file that was written or replaced is told from what it was.
    private struct Look: Equatable {
        var device: dev_t = 0
        var inode: ino_t = 0
        var size = 0
        var seconds = 0
        var nanoseconds = 0
    }

    private var looks: [ListWatch.File: Look] = [:]
    private var firstChange: Instant?
    private var due: Instant?
    private var lastLook = BootClock.now()

    init(files: [ListWatch.File]) { follow(files) }

    var nextDue: Instant? { due }

    mutating func follow(_ files: [ListWatch.File]) {
        guard Set(files) != Set(looks.keys) else { return }
        looks = Dictionary(uniqueKeysWithValues: Set(files).map { ($0, looks[$0] ?? firstLook(at: $0)) })
    }

    /// Of a file that is being written: it may have been read before its last change, and is looked at again.
    private static let recent = Span.seconds(5)

    private mutating func firstLook(at file: ListWatch.File) -> Look {
        let look = Self.look(at: file)
        // The file's time is the wall clock's; whatever that was set to, the worst is a reading too many.
        guard time(nil) - look.seconds <= Int(Self.recent.nanoseconds / 1_000_000_000) else { return look }
        due = BootClock.now() + Self.recent
        return Look()
    }

    mutating func noteChange(quiet: Span, atMost: Span) {
        let now = BootClock.now()
        let first = firstChange ?? now
        firstChange = first
        due = min(now + quiet, first + atMost)
    }

    func isDue(every pause: Span) -> Bool { (due ?? lastLook + pause) <= BootClock.now() }

    /// The files that do not look as they did; from now on they count as read.
    mutating func changed() -> [ListWatch.File] {
        (firstChange, due, lastLook) = (nil, nil, BootClock.now())
        var changed: [ListWatch.File] = []
        for (file, before) in looks {
            let now = Self.look(at: file)
            if now != before { changed.append(file) }
            looks[file] = now
        }
        return changed.sorted { $0.use < $1.use }
    }

    private static func look(at file: ListWatch.File) -> Look {
        var status = stat()
        guard stat(file.path, &status) == 0 else { return Look() }
        return Look(
            device: status.st_dev,
            inode: status.st_ino,
            size: Int(status.st_size),
            seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec
        )
    }
}
