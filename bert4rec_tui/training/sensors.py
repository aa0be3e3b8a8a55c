"""How busy this machine is: its cores and memory, and the GPU that a run uses, if any."""

import time
from typing import Any

import psutil
import torch

from bert4rec_tui.runs.events import System


class Sensors:
    """Reads load, memory, temperature and power; what cannot be read is None, never 0."""

    def __init__(self, device: torch.device) -> None:
        self._process = psutil.Process()
        self._nvml: Any = None
        self._gpu: Any = None
        if device.type == "cuda" and torch.version.cuda:
            self._open_gpu(device)

    def _open_gpu(self, device: torch.device) -> None:
        try:
            import pynvml

            pynvml.nvmlInit()
            # NVML does not follow CUDA_VISIBLE_DEVICES: the UUID names the same GPU to both.
            uuid = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
            self._gpu = pynvml.nvmlDeviceGetHandleByUUID(uuid)
            self._nvml = pynvml
        except Exception:  # no driver library, or a device that it does not know: there is nothing to show then
            self._gpu = None

    def begin(self) -> None:
        """Take what the first reading of the cores is compared with; to be called on the thread that will read."""
        psutil.cpu_percent()  # psutil compares with the last call on the same thread

    def read(self) -> System:
        """One reading of everything; the load of the cores is that since the last call on this thread."""
        memory = psutil.virtual_memory()
        gpu = self._read_gpu() if self._gpu else {}
        return System(
            at=time.time(),
            cpu=psutil.cpu_percent(),
            process_memory=self._process.memory_info().rss,
            memory=memory.total - memory.available,
            memory_total=memory.total,
            **gpu,
        )

    def _read_gpu(self) -> dict[str, Any]:
        nvml, readings = self._nvml, dict[str, Any]()
        for name, read in (
            ("gpu_memory", lambda: int(nvml.nvmlDeviceGetMemoryInfo(self._gpu).used)),
            ("gpu_memory_total", lambda: int(nvml.nvmlDeviceGetMemoryInfo(self._gpu).total)),
            ("gpu", lambda: float(nvml.nvmlDeviceGetUtilizationRates(self._gpu).gpu)),
            ("gpu_temperature", lambda: float(nvml.nvmlDeviceGetTemperature(self._gpu, nvml.NVML_TEMPERATURE_GPU))),
            ("gpu_power", lambda: nvml.nvmlDeviceGetPowerUsage(self._gpu) / 1000),
        ):
            try:
                readings[name] = read()
            except nvml.NVMLError:
                continue
        return readings

    def close(self) -> None:
        """Let the GPU's library go."""
        if self._nvml:
            self._nvml.nvmlShutdown()
