"""The energy counter of an NVIDIA GPU, which NVIDIA's management library (NVML) reads."""

from __future__ import annotations

import os
from typing import Any

from hwnas.errors import UserError

#: A remedy that works on every machine.
_WITHOUT = "metric=latency"


class NVML:
    """The energy counter of an NVIDIA GPU.

    The counter includes the memory of the GPU and all programs that use the GPU. The driver updates
    it every 20 to 100 ms, depending on the GPU. GPUs since Volta have it.

    Parameters
    ----------
    uuid : str, optional
        The GPU, such as ``"GPU-8f6d..."`` as ``nvidia-smi -L`` prints it. By default it is the
        first GPU that ``CUDA_VISIBLE_DEVICES`` lets a program see.

    Raises
    ------
    UserError
        If NVML or the GPU is missing, or the GPU has no energy counter.
    """

    name = "NVML"

    def __init__(self, uuid: str | None = None) -> None:
        # The library is imported here because most measurements need none of it.
        import pynvml

        self._nvml: Any = pynvml
        try:
            pynvml.nvmlInit()
            self._handle = self._find(uuid)
            self._gpu = _text(pynvml.nvmlDeviceGetName(self._handle))
            self._driver = _text(pynvml.nvmlSystemGetDriverVersion())
        except pynvml.NVMLError as error:
            raise UserError(
                f"metric=energy: NVML finds no GPU{f' {uuid}' if uuid else ''} here ({error})",
                remedy=_WITHOUT,
            ) from error
        self.read()

    def _find(self, uuid: str | None) -> Any:
        nvml = self._nvml
        first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0].strip()
        chosen = uuid or first
        if not chosen.isdecimal():
            return nvml.nvmlDeviceGetHandleByUUID(chosen)
        # CUDA numbers GPUs by their speed, NVML numbers them by their slot.
        if nvml.nvmlDeviceGetCount() > 1 and os.environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
            raise UserError(
                "metric=energy: this machine has several GPUs, which CUDA and NVML may number in "
                "different orders",
                remedy="export CUDA_DEVICE_ORDER=PCI_BUS_ID",
            )
        return nvml.nvmlDeviceGetHandleByIndex(int(chosen))

    def read(self) -> float:
        """Return the joules since the driver was loaded.

        Raises
        ------
        UserError
            If the counter cannot be read.
        """
        try:
            millijoules: int = self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle)
        except self._nvml.NVMLError as error:
            raise UserError(
                f"metric=energy: NVML reads no energy counter of {self._gpu} ({error})",
                remedy=_WITHOUT,
            ) from error
        return millijoules / 1e3

    def facts(self) -> dict[str, str]:
        """Return the GPU, its driver and what its counter includes."""
        return {
            "meter": self.name,
            "meter_gpu": self._gpu,
            "meter_driver": self._driver,
            "meter_includes": "the whole GPU with its memory, and all programs on it",
        }


def _text(value: str | bytes) -> str:
    # Earlier releases of the library return bytes.
    return value.decode() if isinstance(value, bytes) else value
