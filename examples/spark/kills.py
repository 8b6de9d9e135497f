"""Runs clusters.py and kills processes in every step; the run must survive this.

    kills.py WORK COMMAND...

WORK is the folder of the workers and of dedup. In each step the driver is killed once
a task runs, and the command is started again. Then a process of the stage, its executor
and its worker are killed. The variable KILLS limits this to the processes it names, as
in "driver stage". A killed worker is replaced. The program fails unless the command
succeeds in the end and every kill came before the end of its step.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

STAGES = {"counts": "blocks", "sketches": "sketch", "candidates": "candidates", "screened": "screen", "matches": "verify",
          "places": "cluster", "clusters": "members"}
STEPS = ["sketches", "copies", "buckets", "candidates", "screened", "wanted", "matches", "places", "members", "clusters"]


class Kills:
    def __init__(self, work, command):
        self.work, self.command = pathlib.Path(work), command
        self.log = self.work / "driver.log"
        self.log.write_bytes(b"")
        self.workers = []  # started in place of killed ones
        self.start()

    def start(self):
        self.driver = subprocess.Popen(self.command, stdout=self.log.open("ab"), stderr=subprocess.STDOUT, start_new_session=True)

    def step(self):
        """Returns the step that the driver is in."""
        steps = re.findall(r"^step (\w+)$", self.log.read_text(), re.MULTILINE)
        return steps[-1] if steps else None

    def wait(self, step, find):
        """Calls find until it succeeds and returns its result, or None once the driver has left the step."""
        while self.step() == step and self.driver.poll() is None:
            if found := find():
                return found
            time.sleep(0.002)
        return None

    def stage(self, name):
        """Returns the process id of a stage."""
        for p in pathlib.Path("/proc").iterdir():
            if p.name.isdigit():
                try:
                    words = (p / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue  # it has ended
                if words[:3] == [bytes(self.work / "dedup"), b"stage", name.encode()]:
                    return int(p.name)
        return None

    def executor(self, seen):
        """Returns the process id of an executor that has begun a task since its log was last read."""
        for log in self.work.glob("worker*/app-*/*/stderr"):
            if b"Running task" in log.read_bytes()[seen.get(log, 0):]:
                for p in pathlib.Path("/proc").iterdir():
                    try:
                        if p.name.isdigit() and os.readlink(p / "cwd") == str(log.parent) and b"CoarseGrained" in (p / "cmdline").read_bytes():
                            return int(p.name)
                    except OSError:
                        continue
        return None

    def seen(self):
        return {log: log.stat().st_size for log in self.work.glob("worker*/app-*/*/stderr")}

    def kill(self, step, what):
        """Kills one process in a step, and reports whether that came before the end of the step."""
        seen = self.seen()
        while True:
            pid = self.wait(step, lambda: self.stage(STAGES[step]) if step in STAGES else self.executor(seen))
            if pid is None:
                return False
            try:
                if step in STAGES:
                    os.kill(pid, signal.SIGSTOP)  # so that the step does not end meanwhile
                executor = parent(pid) if step in STAGES else pid
                victim = {"stage": pid, "executor": executor, "worker": parent(executor)}.get(what)
                if what == "driver":
                    hit = self.restart(step)
                else:
                    hit = self.step() == step
                    command, environment = read(victim, "cmdline"), read(victim, "environ")
                    os.kill(victim, signal.SIGKILL)
                    if what == "worker":
                        self.workers.append(subprocess.Popen(command, env=dict(e.split(b"=", 1) for e in environment if b"=" in e),
                                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))
                if step in STAGES and what != "stage":
                    os.kill(pid, signal.SIGKILL)
                return hit
            except (ProcessLookupError, FileNotFoundError):
                continue  # it has just ended

    def restart(self, step):
        """Kills the driver in a step and starts it again; it must resume in that step."""
        times = len(re.findall(f"^step {step}$", self.log.read_text(), re.MULTILINE))
        os.killpg(self.driver.pid, signal.SIGKILL)
        self.driver.wait()
        hit = not (self.work / "out" / step / "_SUCCESS").exists()
        self.start()
        while len(re.findall(f"^step {step}$", self.log.read_text(), re.MULTILINE)) == times and self.driver.poll() is None:
            time.sleep(0.01)
        return hit and self.step() == step

    def run(self):
        missed = 0
        for step in [*(("counts", "shared") if "--strip" in self.command else ()), *STEPS]:
            while self.step() != step and self.driver.poll() is None:
                time.sleep(0.002)
            for what in os.environ.get("KILLS", "driver stage executor worker").split():
                if what == "stage" and step not in STAGES:
                    continue
                hit = self.kill(step, what)
                missed += not hit
                print(f"{step}: {what} {'killed' if hit else 'NOT killed: the step was over'}", flush=True)
        status = self.driver.wait()
        print(self.log.read_text().splitlines()[-1])
        for w in self.workers:
            os.killpg(w.pid, signal.SIGTERM)
            w.wait()
        if status or missed:
            sys.exit(f"the driver ended with status {status}, {missed} kills came after the end of their step")


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def read(pid, what):
    return pathlib.Path(f"/proc/{pid}/{what}").read_bytes().split(b"\0")[:-1]


if __name__ == "__main__":
    Kills(sys.argv[1], sys.argv[2:]).run()
