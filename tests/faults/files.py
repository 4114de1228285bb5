"""Files that are wrong, or that a stranger made: their bytes, by what is wrong with them."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile
from typing import Any

import numpy as np

from tests.tables_of_users import CELL

OTHER = "|none~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|nor_conv_3x3~1|nor_conv_1x1~2|"
HEADER = "architecture,latency_ms\n"
GOOD = f"{CELL},1\n{OTHER},2\n"

#: Text of a CSV file that is refused.
CSV: dict[str, str] = {
    "empty": "",
    "header only": HEADER,
    "blank lines only": "\n\n\n",
    "no column of values": f"architecture\n{CELL}\n",
    "no column of architectures": "net,latency_ms\na,1\n",
    "text for a number": f"{HEADER}{CELL},fast\n{OTHER},1\n",
    "no value at all": f"{HEADER}{CELL},nan\n{OTHER},\n",
    "infinite values only": f"{HEADER}{CELL},inf\n{OTHER},-inf\n",
    "negative values only": f"{HEADER}{CELL},-1\n{OTHER},-2\n",
    "hexadecimal": f"{HEADER}{CELL},0x10\n{OTHER},1\n",
    "underscore in a number": f"{HEADER}{CELL},1_000\n{OTHER},1\n",
    "complex number": f"{HEADER}{CELL},1+2j\n{OTHER},1\n",
    "truth value": f"{HEADER}{CELL},True\n{OTHER},1\n",
    "percent sign": f"{HEADER}{CELL},5%\n{OTHER},1\n",
    "unit in a cell": f"{HEADER}{CELL},5 ms\n{OTHER},1\n",
    "null byte": f"{HEADER}{CELL},1\0\n",
    "unknown operation": f"{HEADER}{CELL.replace('none', 'conv9')},1\n",
    "architecture cut off": f"{HEADER}{CELL[:20]},1\n",
    "empty architecture": f"{HEADER},1\n",
    "formula of a spreadsheet": f"{HEADER}=cmd|' /C calc'!A0,1\n",
    "short row": f"architecture,latency_ms,x\n{CELL},1\n{OTHER},1,2\n",
    "long row": f"{HEADER}{CELL},1,2\n",
    "last row cut off": f"{HEADER}{CELL},1\n{OTHER}",
    "column of values twice": f"architecture,latency_ms,latency_ms\n{CELL},1,2\n",
    "column of architectures twice": f"architecture,architecture,latency_ms\n{CELL},{CELL},2\n",
    "unclosed quote": f'{HEADER}"{CELL},1\n{OTHER},2\n',
    "huge cell": f"{HEADER}{'x' * 200_000},1\n",
    "accuracy above 100": f"architecture,latency_ms,accuracy\n{CELL},1,150\n{OTHER},1,50\n",
    "negative accuracy": f"architecture,latency_ms,accuracy\n{CELL},1,-5\n{OTHER},1,50\n",
    "text for an accuracy": f"architecture,latency_ms,accuracy\n{CELL},1,good\n{OTHER},1,50\n",
    "two columns of values": f"architecture,latency_ms,energy_mJ\n{CELL},1,2\n",
    "only a spread": f"architecture,latency_std_ms\n{CELL},1\n",
    "path in a column's name": f"architecture,../../../evil_ms\n{CELL},1\n{OTHER},2\n",
    "backslash in a column's name": f"architecture,..\\evil_ms\n{CELL},1\n{OTHER},2\n",
    "escape in a column's name": f"architecture,lat\x1b[31m_ms\n{CELL},1\n{OTHER},2\n",
    "line break in a column's name": f'architecture,"lat\nency_ms"\n{CELL},1\n',
    "web page": "<!DOCTYPE html><html><title>Sign in</title>",
    "Git LFS pointer": "version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 1\n",
}


class _Calls:
    """Calls a function when a plain ``pickle.load`` reads it."""

    def __init__(self, *call: object) -> None:
        self._call = call

    def __reduce__(self) -> Any:
        return self._call


def code_carrying(flag: str) -> dict[str, bytes]:
    """Return pickles that would run code, which creates the file `flag`."""
    touch = f"open({flag!r}, 'w')"
    system = _Calls(getattr, (_Calls(__import__, ("os",)), "system"))
    return {
        "os.system": pickle.dumps(_Calls(os.system, (f"touch {flag}",))),
        "builtins.eval": pickle.dumps(_Calls(eval, (touch,))),
        "builtins.exec": pickle.dumps(_Calls(exec, (touch,))),
        "nested reduce": pickle.dumps({"a": [system]}),
        "below an allowed type": pickle.dumps([np.float64(1.0), _Calls(eval, (touch,))]),
        "text of protocol 0": f"cbuiltins\neval\n(V{touch}\ntR.".encode(),
        "library that reads files": pickle.dumps(_Calls(np.load, ("x.npy",))),
        "array that fills the memory": pickle.dumps(_Calls(np.zeros, ((10**12,),))),
    }


def torch_archive(content: bytes, *more: tuple[str, str]) -> bytes:
    """Return a file as `torch.save` writes it, around a pickle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/version", "3")
        for name, text in more:
            archive.writestr(name, text)
    return buffer.getvalue()


#: Files that are no pickle, or a broken one.
BROKEN: dict[str, bytes] = {
    "empty": b"",
    "text": b"hello",
    "cut off": pickle.dumps(list(range(1000)))[:-50],
    "deeply nested": b"(" * 100_000,
    "memo that is not there": b"\x80\x04h\x05.",
    "string longer than any memory": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
    "number longer than the file": b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "extension code": b"\x80\x02\x82\x01.",
    "persistent id": b"\x80\x04Pabc\n.",
    "empty stack": b"\x80\x04.",
    "unknown protocol": b"\x80\x99.",
    "number of a hundred thousand digits": b"I" + b"9" * 100_000 + b"\n.",
    "compressed": gzip.compress(pickle.dumps([1])),
}
