"""The backend that runs networks in ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from hwnas.backend._backend import Prepared, time_calls
from hwnas.backend._weights import RandomWeights, random_image
from hwnas.errors import UserError
from hwnas.meter import NVML, RAPL, Meter
from hwnas.network import Layer, Network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto

#: Every ONNX Runtime since 1.12 reads opset 17. Older builds for phones therefore read it too.
_OPSET = 17
_IR_VERSION = 8
#: The meter of the unit on which a provider runs networks.
_METERS: dict[str, type[Meter]] = {
    "CPUExecutionProvider": RAPL,
    "CUDAExecutionProvider": NVML,
    "TensorrtExecutionProvider": NVML,
}


@dataclass(frozen=True)
class ONNXRuntime:
    """Runs networks in ONNX Runtime, with float32 and all graph optimisations.

    ONNX Runtime folds batch normalisation into the convolution before it, as in deployment.

    Parameters
    ----------
    name : str
    provider : str
        Execution provider: ``"cpu"``, ``"cuda"``, ``"tensorrt"`` or another one, by its name
        without the ending ``ExecutionProvider`` or with it. The image and the scores are in the
        host's memory. On a device with its own memory, every timed run includes the copies between
        the two memories.
    """

    unit_facts: ClassVar[tuple[str, ...]] = ("provider",)

    name: str = "onnxruntime"
    provider: str = "CPUExecutionProvider"

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        """Build the network and return its timer; see `Backend`.

        Raises
        ------
        UserError
            If the installed ONNX Runtime lacks the provider, or cannot start it.
        """
        import onnxruntime

        provider = self._full_name()
        # NVIDIA's libraries come from their Python packages, where no system library is installed.
        onnxruntime.preload_dlls()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        model = build_onnx(network, batch_size, seed).SerializeToString()
        session = onnxruntime.InferenceSession(model, options, providers=[provider])
        # ONNX Runtime uses the CPU if a provider cannot start, for example without a driver.
        if provider not in session.get_providers():
            raise UserError(
                f"backend.provider={self.provider} does not start on this machine, so ONNX Runtime "
                f"would run on {', '.join(session.get_providers())}",
                remedy="backend.provider=cpu",
            )
        feed = {"image": random_image(network.nodes[0].layer, batch_size, seed)}
        return lambda repeats: time_calls(lambda: session.run(None, feed), repeats)

    def meter(self) -> Meter | None:
        """Return the meter of the provider's energy, or None if no meter is known.

        Raises
        ------
        UserError
            If this machine lacks the provider or its energy counter.
        """
        kind = _METERS.get(self._full_name())
        return None if kind is None else kind()

    def facts(self) -> dict[str, str]:
        """Return the versions and settings that influence the speed.

        Raises
        ------
        UserError
            If the installed ONNX Runtime lacks the provider.
        """
        import onnxruntime

        return {
            "onnxruntime": onnxruntime.__version__,
            "provider": self._full_name(),
            "batch_norm": "folded into the convolution",
        }

    def _full_name(self) -> str:
        """Return ONNX Runtime's name of the provider, or raise `UserError` if it has none."""
        import onnxruntime

        known: list[str] = onnxruntime.get_available_providers()
        for name in known:
            if self.provider.lower() in (name.lower(), _short(name)):
                return name
        raise UserError(
            f"backend.provider={self.provider}: the installed ONNX Runtime has only "
            f"{', '.join(map(_short, known))}",
            remedy="backend.provider=cpu",
        )


def _short(provider: str) -> str:
    return provider.removesuffix("ExecutionProvider").lower()


def build_onnx(network: Network, batch_size: int, seed: int) -> ModelProto:
    """Return the network as an ONNX model with the input ``image`` and the output ``scores``."""
    from onnx import TensorProto, helper

    weights = RandomWeights(seed)
    nodes: list[NodeProto] = []
    constants: dict[str, NDArray[np.float32]] = {}
    last = len(network.nodes) - 1
    names = {0: "image", last: "scores"}
    for index, node in enumerate(network.nodes):
        if node.layer.kind == "input":
            continue
        inputs = [names.get(source, f"t{source}") for source in node.inputs]
        own = {f"{key}{index}": value for key, value in weights.of(node.layer).items()}
        constants |= own
        output = names.get(index, f"t{index}")
        nodes += _onnx_nodes(node.layer, inputs, list(own), output)
    image = network.nodes[0].layer
    shape = [batch_size, image.out_channels, image.out_size, image.out_size]
    float32 = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("image", float32, shape)],
        [helper.make_tensor_value_info("scores", float32, [batch_size, network.classes])],
        [
            helper.make_tensor(key, float32, value.shape, value.tobytes(), raw=True)
            for key, value in constants.items()
        ],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )


def _onnx_nodes(
    layer: Layer, inputs: list[str], weights: list[str], output: str
) -> list[NodeProto]:
    from onnx import helper

    make = helper.make_node
    if layer.kind == "channel_shuffle":
        return _channel_shuffle(layer, inputs, output)
    if layer.kind == "global_avg_pool":
        pooled = f"{output}_pooled"
        return [
            make("GlobalAveragePool", inputs, [pooled]),
            make("Flatten", [pooled], [output], axis=1),
        ]
    if layer.kind == "scale":
        x, factors = inputs
        axes, unflat = f"{output}_axes", f"{output}_factors"
        return [
            make("Constant", [], [axes], value_ints=[2, 3]),
            make("Unsqueeze", [factors, axes], [unflat]),
            make("Mul", [x, unflat], [output]),
        ]
    window: dict[str, Any] = {
        "kernel_shape": [layer.kernel] * 2,
        "strides": [layer.stride] * 2,
        "pads": [layer.padding] * 4,
    }
    operators: dict[str, tuple[str, dict[str, Any]]] = {
        "conv": ("Conv", window | {"group": layer.groups}),
        "batch_norm": ("BatchNormalization", {"epsilon": 1e-5}),
        "linear": ("Gemm", {"transB": 1}),
        "avg_pool": ("AveragePool", window),
        "relu": ("Relu", {}),
        "hard_swish": ("HardSwish", {}),
        "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
        "add": ("Add", {}),
        "concat": ("Concat", {"axis": 1}),
        # x - x, because the optimiser could remove a multiplication with a constant 0.
        "zero": ("Sub", {}),
    }
    operator, attributes = operators[layer.kind]
    if layer.kind == "zero":
        inputs = [*inputs, *inputs]
    return [make(operator, [*inputs, *weights], [output], **attributes)]


def _channel_shuffle(layer: Layer, inputs: list[str], output: str) -> list[NodeProto]:
    from onnx import helper

    make = helper.make_node
    split = [0, layer.groups, -1, layer.out_size, layer.out_size]
    joined = [0, layer.out_channels, layer.out_size, layer.out_size]
    return [
        make("Constant", [], [f"{output}_split"], value_ints=split),
        make("Reshape", [*inputs, f"{output}_split"], [f"{output}_groups"]),
        make("Transpose", [f"{output}_groups"], [f"{output}_mixed"], perm=[0, 2, 1, 3, 4]),
        make("Constant", [], [f"{output}_joined"], value_ints=joined),
        make("Reshape", [f"{output}_mixed", f"{output}_joined"], [output]),
    ]
