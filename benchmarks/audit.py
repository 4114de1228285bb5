"""Known vulnerabilities of the installed packages, and how many packages were really audited.

    pip install pip-audit
    python -m benchmarks.audit

pip-audit skips packages for which its index answers nothing, and then reports success. This program
counts them. It ends with exit code 1 if a package has a known vulnerability, or none was audited.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from benchmarks._cli import run
from hwnas.errors import UserError

_COMMAND = ("-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--skip-editable")


def main() -> None:
    """Run pip-audit, and print what it found."""
    if find_spec("pip_audit") is None:
        raise UserError("pip-audit is not installed", remedy="pip install pip-audit")
    done = subprocess.run([sys.executable, *_COMMAND], capture_output=True, text=True, check=False)
    # It ends with exit code 1 if it found something. Without JSON it could not work at all.
    if not done.stdout.startswith("{"):
        last = (done.stderr.strip() or "it printed nothing").splitlines()[-1]
        raise UserError(f"pip-audit failed: {last}", remedy="python -m pip_audit")
    lines, clean = summary(json.loads(done.stdout)["dependencies"])
    print("\n".join(lines))
    sys.exit(0 if clean else 1)


def summary(packages: Sequence[Mapping[str, Any]]) -> tuple[list[str], bool]:
    """Return lines about packages, and whether some were audited and none is vulnerable.

    Parameters
    ----------
    packages : sequence of mapping
        The field ``dependencies`` of pip-audit's JSON.
    """
    skipped = [each for each in packages if "skip_reason" in each]
    vulnerable = [each for each in packages if each.get("vulns")]
    n_audited = len(packages) - len(skipped)
    lines = [
        f"{len(packages)} packages: {n_audited} audited, {len(skipped)} skipped, "
        f"{len(vulnerable)} with a known vulnerability"
    ]
    lines += [
        f"{each['name']} {each['version']}: {', '.join(found['id'] for found in each['vulns'])}"
        for each in vulnerable
    ]
    return lines, n_audited > 0 and not vulnerable


if __name__ == "__main__":
    run(main)
