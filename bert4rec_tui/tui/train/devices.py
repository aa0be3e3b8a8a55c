"""The devices of this machine and their load, found without torch."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil

from bert4rec_tui.runs.machine import usable_cores

LOAD_SECONDS = 0.1  # over which the load of the cores is measured


@dataclass(frozen=True)
class Device:
    """A device to train on: its name in a configuration, a label, its memory in bytes, its load in percent."""

    name: str
    label: str
    memory_free: int
    memory_total: int
    load: float | None = None
    processes: int | None = None


def devices() -> list[Device]:
    """Every device, the fastest kind first, the CPU last. Takes a moment to measure the load of the cores."""
    found = _cuda() if _torch_has_cuda() else []
    if sys.platform == "darwin" and platform.machine() == "arm64":
        memory = psutil.virtual_memory()
        found.append(Device("mps", "Apple GPU, shared memory", memory.available, memory.total))
    return [*found, _cpu()]


def _cpu() -> Device:
    memory = psutil.virtual_memory()
    count = usable_cores()
    label = f"{count} core{'' if count == 1 else 's'}"
    return Device("cpu", label, memory.available, memory.total, load=psutil.cpu_percent(LOAD_SECONDS))


def _torch_has_cuda() -> bool:
    """Whether the installed torch has CUDA, as far as its version tells."""
    try:
        return not version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False


def _cuda() -> list[Device]:
    """The NVIDIA devices that this process may use, numbered as torch will number them."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # no driver, no library, or one that does not fit: then there is no such device
        return []
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return [_describe(pynvml, f"cuda:{i}", handle) for i, handle in enumerate(_visible(pynvml, handles))]
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()


def _visible(nvml: Any, handles: list[Any]) -> list[Any]:
    """The handles that CUDA_VISIBLE_DEVICES leaves, in its order; it names them by index or by UUID."""
    visible_devices = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible_devices is None:
        return handles
    uuids = [_text(nvml.nvmlDeviceGetUUID(handle)) for handle in handles]
    visible: list[Any] = []
    for word in visible_devices.split(","):
        word = word.strip()
        if word.isdigit() and int(word) < len(handles):
            visible.append(handles[int(word)])
            continue
        match = [handle for handle, uuid in zip(handles, uuids, strict=True) if word and uuid.startswith(word)]
        if len(match) != 1:
            break  # as in CUDA: the first that does not exist hides itself and all after it
        visible.append(match[0])
    return visible


def _describe(nvml: Any, name: str, handle: Any) -> Device:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return Device(
        name,
        _text(nvml.nvmlDeviceGetName(handle)).removeprefix("NVIDIA "),
        int(memory.free),
        int(memory.total),
        load=_or_none(lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu), nvml),
        processes=_or_none(lambda: len(nvml.nvmlDeviceGetComputeRunningProcesses(handle)), nvml),
    )


def _or_none(read: Any, nvml: Any) -> Any:
    try:
        return read()
    except nvml.NVMLError:  # not every device or container reports everything
        return None


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def device_for(name: str, found: Sequence[Device]) -> Device | None:
    """The device that a configuration's `device` means on this machine, None where there is none."""
    if name in ("auto", "cuda"):
        return next((device for device in found if name == "auto" or device.name.startswith("cuda")), None)
    return next((device for device in found if device.name == name), None)
