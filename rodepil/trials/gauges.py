"""What a process and its machine are doing: CPU, memory, disk, network and GPU.

Names are those under which MLflow groups system metrics, and mean what they mean there [1]_; those
that begin with ``process_`` are of this process alone. Megabytes are 10^6 bytes.

References
----------
.. [1] https://mlflow.org/docs/latest/ml/tracking/system-metrics/
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import psutil
import torch

MEGABYTE = 1e6
SENT, RECEIVED = "network_transmit_megabytes", "network_receive_megabytes"


class Gauges:
    """Reads what this process and its machine are doing, from one thread.

    Parameters
    ----------
    folder
        On the disk that is looked at.
    device
        Where the process trains; of a GPU its share of work and its memory are read.
    before
        What a sitting before read last: what the network carried is counted on from there.
    """

    def __init__(
        self, folder: Path, device: torch.device, before: Mapping[str, float] | None = None
    ) -> None:
        self._folder, self._device = folder, device
        self._process = psutil.Process()
        self._reads_gpu = device.type == "cuda"
        now = _network()
        self._carried = {name: (before or {}).get(name, 0.0) - now[name] for name in now}
        # A share of time is that since the reading before: what these return means nothing.
        psutil.cpu_percent()
        self._process.cpu_percent()

    def read(self) -> dict[str, float]:
        """Return the readings of now by name; shares of CPU are means since the reading before.

        ``cpu_utilization_percentage`` is of all CPUs together, in [0, 100], and
        ``process_cpu_utilization_percentage`` of one: a process on two has 200.
        """
        memory, disk = psutil.virtual_memory(), psutil.disk_usage(str(self._folder))
        return {
            "cpu_utilization_percentage": psutil.cpu_percent(),
            "process_cpu_utilization_percentage": self._process.cpu_percent(),
            "process_memory_usage_megabytes": self._process.memory_info().rss / MEGABYTE,
            "system_memory_usage_megabytes": memory.used / MEGABYTE,
            "system_memory_usage_percentage": 100 * memory.used / memory.total,
            "disk_usage_percentage": disk.percent,
            "disk_usage_megabytes": disk.used / MEGABYTE,
            "disk_available_megabytes": disk.free / MEGABYTE,
            **{name: value + self._carried[name] for name, value in _network().items()},
            **self._gpu(),
        }

    def _gpu(self) -> dict[str, float]:
        """Return the readings of this process's GPU.

        What CUDA's own driver tells takes the package nvidia-ml-py (of AMD's, amdsmi).
        """
        if self._device.type != "cuda":
            return {}
        index = self._device.index or 0
        held = torch.cuda.memory_reserved(index) / MEGABYTE
        found = {f"process_gpu_{index}_memory_usage_megabytes": held}
        if self._reads_gpu:
            try:
                found |= _driver(index)
            except Exception as error:  # noqa: BLE001 - a driver refuses in ways of its own
                self._reads_gpu = False
                logging.getLogger("rodepil").warning(
                    "GPU %d is not measured (%s); training goes on", index, error
                )
        return found


def _driver(index: int) -> dict[str, float]:
    """Return what the driver tells of a GPU, by all who use it."""
    used = torch.cuda.device_memory_used(index)
    total = torch.cuda.get_device_properties(index).total_memory
    return {
        f"gpu_{index}_utilization_percentage": float(torch.cuda.utilization(index)),
        f"gpu_{index}_memory_usage_megabytes": used / MEGABYTE,
        f"gpu_{index}_memory_usage_percentage": 100 * used / total,
        f"gpu_{index}_power_usage_watts": torch.cuda.power_draw(index) / 1000,
    }


def _network() -> dict[str, float]:
    """Return what the machine's network carried since it started."""
    counted = psutil.net_io_counters()
    if counted is None:
        return {}
    return {RECEIVED: counted.bytes_recv / MEGABYTE, SENT: counted.bytes_sent / MEGABYTE}
