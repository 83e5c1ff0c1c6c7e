"""Runs a program under the system-call filter of a systemd unit, where there is no systemd to do it.

    confine.py compile UNIT FILTER       the unit's SystemCallFilter= as a classic BPF program (seccomp(2))
    confine.py run FILTER PROGRAM …      takes the filter and becomes the program

Calls that the filter does not name fail with EPERM, as the unit says (SystemCallErrorNumber=). Groups are systemd's own
(systemd-analyze syscall-filter), numbers the C compiler's (asm/unistd.h).
"""
import ctypes
import os
import struct
import subprocess
import sys

ALLOW, REFUSE = 0x7FFF0000, 0x00050001
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, ARCHITECTURE = 0, 4
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2


def output(*command, text=None):
    return subprocess.run(command, input=text, check=True, capture_output=True, text=True).stdout


def groups():
    found, current = {}, None
    for line in output("systemd-analyze", "syscall-filter", "--no-pager").splitlines():
        line = line.rstrip()
        if line.startswith("@"):
            current = found.setdefault(line, [])
        elif current is not None and line.strip() and not line.strip().startswith("#"):
            current.append(line.strip())
    return found


def expand(name, known):
    if not name.startswith("@"):
        return {name}
    return set().union(*(expand(inner, known) for inner in known[name]))


def allowed(unit):
    known = groups()
    names = expand("@default", known)
    for line in open(unit, encoding="utf-8"):
        if not line.startswith("SystemCallFilter="):
            continue
        value = line.split("=", 1)[1].strip()
        listed = set().union(*(expand(word, known) for word in value.lstrip("~").split()))
        names = names - listed if value.startswith("~") else names | listed
    return names


def numbers():
    found = {}
    for line in output("cc", "-E", "-dM", "-", text="#include <asm/unistd.h>\n").splitlines():
        words = line.split()
        if len(words) == 3 and words[1].startswith("__NR_") and words[2].isdigit():
            found[words[1].removeprefix("__NR_")] = int(words[2])
    return found


def compile_filter(unit):
    table = numbers()
    permitted = sorted(table[name] for name in allowed(unit) if name in table)
    if "read" not in table or len(permitted) < 100:
        sys.exit(f"confine.py: only {len(permitted)} calls would be allowed: that is no filter")
    program = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, ARCHITECTURES[os.uname().machine]),
        (RETURN, 0, 0, REFUSE),
        (LOAD, 0, 0, NUMBER),
    ]
    for number in permitted:
        program += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    program.append((RETURN, 0, 0, REFUSE))
    return b"".join(struct.pack("=HBBI", *step) for step in program)


def run(filter_path, command):
    program = ctypes.create_string_buffer(open(filter_path, "rb").read())
    libc = ctypes.CDLL(None, use_errno=True)
    # struct sock_fprog: how many steps, and where they are.
    head = struct.pack("HP", (len(program) - 1) // 8, ctypes.addressof(program))
    zero = ctypes.c_ulong(0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) != 0:
        sys.exit("confine.py: no_new_privs: " + os.strerror(ctypes.get_errno()))
    if libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), head, zero, zero) != 0:
        sys.exit("confine.py: the filter: " + os.strerror(ctypes.get_errno()))
    os.execv(command[0], command)


if sys.argv[1] == "compile":
    with open(sys.argv[3], "wb") as target:
        target.write(compile_filter(sys.argv[2]))
else:
    run(sys.argv[2], sys.argv[3:])
