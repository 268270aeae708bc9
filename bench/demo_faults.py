"""Run the demo over many seeds and faults and print one JSON object: is every summary sound, and its figures.

python -m bench.demo_faults --seeds 10 --seconds 30"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

FAULTS: dict[str, list[str]] = {
    "none": [],
    "cut-central": ["--cut-central", "8:20"],
    "kill-trackside": ["--kill", "trackside@10"],
    "kill-bridge": ["--kill", "bridge@10"],
    "kill-sync": ["--kill", "sync@10"],
    "kill-display": ["--kill", "display@10"],
    "kill-central": ["--kill", "central@10"],
}
SHOWN = ("passings_sent", "passings_received", "laps_timed", "laps_lost", "laps_doubled", "decisions_lost")


def run(fault: str, seed: int, seconds: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        finished = subprocess.run(
            [
                sys.executable,
                "-m",
                "pitboard",
                "demo",
                "--headless",
                "--seconds",
                str(seconds),
                "--seed",
                str(seed),
                "--out",
                str(out),
                *FAULTS[fault],
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        result: dict[str, object] = {"fault": fault, "seed": seed, "status": finished.returncode}
        if (out / "summary.json").exists():
            summary = json.loads((out / "summary.json").read_text())
            result |= {key: summary[key] for key in (*SHOWN, "boards_equal", "unexpected_exits")}
            result |= {
                "lap_error_p99_us": summary["lap_error_us"]["p99"],
                "beam_to_board_ms": summary["beam_to_board_ms"],
            }
        else:
            result["said"] = finished.stderr[-2_000:]
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--from-seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--faults", nargs="*", choices=sorted(FAULTS), default=list(FAULTS))
    arguments = parser.parse_args()
    runs = []
    for seed in range(arguments.from_seed, arguments.from_seed + arguments.seeds):
        for fault in arguments.faults:
            runs.append(run(fault, seed, arguments.seconds))
            print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    unsound = [result for result in runs if result["status"] != 0]
    print(json.dumps({"runs": len(runs), "unsound": unsound, "all": runs}))
    sys.exit(1 if unsound else 0)


if __name__ == "__main__":
    main()
