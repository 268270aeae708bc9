"""Metrics as text (Prometheus exposition format 0.0.4).

Each is a family with a type, one sentence of help, and samples by label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    name: str
    kind: Kind
    says: str
    samples: tuple[Sample, ...]


def family(name: str, kind: Kind, says: str, value: float) -> Family:
    """Return a family of one sample without labels."""
    return Family(name=name, kind=kind, says=says, samples=(Sample(value=value),))


def by_label(name: str, kind: Kind, says: str, label: str, values: Mapping[str, float]) -> Family:
    """Return a family with a sample for each value of one label."""
    samples = tuple(Sample(value=value, labels={label: key}) for key, value in sorted(values.items()))
    return Family(name=name, kind=kind, says=says, samples=samples)


def text_of(families: Iterable[Family]) -> str:
    lines = []
    for one in families:
        lines += [f"# HELP {one.name} {_escaped(one.says)}", f"# TYPE {one.name} {one.kind}"]
        lines += [
            f"{one.name}{sample.suffix}{_labels(sample.labels)} {sample.value:.17g}" for sample in one.samples
        ]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text
