"""`python -m tests.torture`: play the schedules of a range of seeds, a line of JSON each; what is there already is passed over."""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
from pathlib import Path

from tests.torture.places import MODES
from tests.torture.schedule import play, reduce, steps_of


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--seeds", default="0-999", help="one seed, or FROM-TO")
    parser.add_argument("--mode", choices=list(MODES), default="threads")
    parser.add_argument(
        "--results", type=Path, help="a file of JSON lines that is added to; without it nothing is kept"
    )
    parser.add_argument("--reduce", action="store_true", help="look for fewer steps that fail as well")
    parser.add_argument("--steps", help="play these instead: JSON as --reduce prints it")
    parser.add_argument("--stop", action="store_true", help="end at the first failure")
    args = parser.parse_args()
    if args.results:
        args.results.parent.mkdir(parents=True, exist_ok=True)
    mode = MODES[args.mode]()
    try:
        return _run(mode, args)
    except KeyboardInterrupt:
        print("stopped; what was played is kept")
        return 130
    finally:
        mode.close()


def _run(mode, args):
    if args.steps:
        played = play(mode, [tuple(step) for step in json.loads(args.steps)])
        print(played.failure or "passed")
        return bool(played.failure)
    first, _, last = args.seeds.partition("-")
    there = _there(args.results, mode.name)
    commit = _commit()
    failed = 0
    seeds = [seed for seed in range(int(first), int(last or first) + 1) if seed not in there]
    for seed in seeds:
        steps = steps_of(seed)
        played = play(mode, steps)
        failed += bool(played.failure)
        if args.results:
            line = {"seed": seed, "mode": mode.name, "database": mode.database_kind, "commit": commit}
            line |= dataclasses.asdict(played)
            with args.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        if played.failure:
            print(f"seed {seed} failed at {played.failure}\nkept: {played.folder}")
            print(f"alone: python -m tests.torture --mode {mode.name} --seeds {seed} --reduce", flush=True)
            if args.reduce:
                print(f"--steps '{json.dumps(reduce(mode, steps))}'")
            if args.stop:
                break
    print(f"{mode.name}: {len(seeds) - failed} of {len(seeds)} passed, {len(there)} were there already")
    return bool(failed)


def _there(results, mode):
    if not results or not results.exists():
        return set()
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return {line["seed"] for line in lines if line["mode"] == mode and not line["failure"]}


def _commit():
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return done.stdout.strip()


sys.exit(main())
