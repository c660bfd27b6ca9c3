"""mailauth (npm), the second opinion on DKIM signatures."""

import base64
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which

from machine import missing

from sender.dkim import DkimKey

FOLDER = Path(__file__).parent.parent / "verifiers"


class Mailauth:
    """Skips the test, or fails it in CI, where Node.js or the package is not installed."""

    def __init__(self) -> None:
        node = which("node")
        if node is None or not (FOLDER / "node_modules" / "mailauth").is_dir():
            missing("mailauth", "Install Node.js with npm, then run `make verifiers`.")
        self._command = [node, str(FOLDER / "verify.js")]

    def verdicts(self, messages: Sequence[bytes], keys: Sequence[DkimKey]) -> list[list[str]]:
        """For each message what mailauth says of its signatures, in their order: "pass" is good."""
        question = {
            "records": {key.record_name: key.record_value for key in keys},
            "messages": [base64.b64encode(message).decode() for message in messages],
        }
        answer = subprocess.run(
            self._command, input=json.dumps(question), capture_output=True, text=True, check=True, timeout=120
        )
        verdicts: list[list[str]] = json.loads(answer.stdout)
        return verdicts
