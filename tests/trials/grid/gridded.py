"""Run a grid in a process of its own: python gridded.py ROOT SETTINGS_JSON [nodes].

With ``nodes`` it runs on a Ray of two nodes with a CPU each, and the second one is taken away when
two trials are at work.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from rodepil.config.grid import load_grid
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.trials.grid.plan import plan_grid
from rodepil.trials.grid.run import run_grid

INTERRUPTED = 130
PATIENCE_S = 240.0


def main(root: str, settings_json: str, *more: str) -> None:
    settings = ProjectSettings.model_validate_json(settings_json)
    workspace = Workspace(Path(root))
    if "nodes" in more:
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        second = cluster.add_node(num_cpus=1)
        ray.init(address=cluster.address, log_to_driver=False)
        threading.Thread(target=take_away, args=(cluster, second, workspace), daemon=True).start()
    plan = plan_grid(load_grid("small", workspace.root, "demo"), settings, workspace)
    result = run_grid(plan, workspace)
    print(sorted(result.results), dict(result.failed))  # noqa: T201 - what the test reads
    if "nodes" in more:
        alive = [node for node in ray.nodes() if node["Alive"]]
        print(f"{len(alive)} node left")  # noqa: T201
        ray.shutdown()
        cluster.shutdown()


def take_away(cluster: Cluster, node: object, workspace: Workspace) -> None:
    """Kill a node when two trials at least are at work, which have a CPU on either node."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        at_work = list(workspace.trials.glob("*/checkpoint.pt"))
        if len(at_work) >= 2:
            cluster.remove_node(node, allow_graceful=False)
            return
        time.sleep(0.02)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
