import Lab
import Testing

/// All tests that need the lab stand in one suite, one after the other: they measure times, and two cores serve them all.
@Suite(.serialized, canBuildLab)
enum LabSuites {}
