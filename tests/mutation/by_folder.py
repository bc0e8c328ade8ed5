"""Say of each folder how many mutants the tests killed, and name those that they did not.

    mutmut results --all true | python tests/mutation/by_folder.py

`make mutants` runs it. A mutant that makes a test hang is killed; one that no test runs is not.
Mutants that were not tried are left out.
"""

import sys
from collections.abc import Iterable

KILLED = ("killed", "timeout", "segfault")


def results(lines: Iterable[str]) -> dict[str, str]:
    """Read the status of each mutant that was tried, by its name."""
    told = (line.strip().rpartition(": ") for line in lines)
    return {name: status for name, _, status in told if name and status != "not checked"}


def report(status_by_name: dict[str, str]) -> str:
    """List the survivors by folder, then how many of how many were killed in each."""
    by_folder: dict[str, dict[str, str]] = {}
    for name, status in sorted(status_by_name.items()):
        by_folder.setdefault("/".join(name.split(".")[:2]), {})[name] = status
    survivors, shares = [], []
    for folder, statuses in by_folder.items():
        alive = {name: status for name, status in statuses.items() if status not in KILLED}
        survivors += [f"{name}: {status}" for name, status in alive.items()]
        killed = len(statuses) - len(alive)
        shares.append(
            f"{folder}: {killed} of {len(statuses)} killed ({100 * killed / len(statuses):.1f} %), "
            f"{len(alive)} survived"
        )
    return "\n".join([*survivors, *shares])


if __name__ == "__main__":
    print(report(results(sys.stdin)))
