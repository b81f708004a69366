"""Agencies' views of a package: specs/profiles, one file each."""

from __future__ import annotations

from ruamel.yaml import YAML

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.waiver import Profile
from sdtm_mapper.standards.paths import specs_dir


def profile_names() -> tuple[str, ...]:
    """The names of all profiles."""
    return tuple(sorted(p.stem for p in (specs_dir() / "profiles").glob("*.yaml")))


def load_profile(name: str) -> Profile:
    """A profile by its name; UserError where there is none of that name."""
    if name not in profile_names():
        raise UserError(f"there is no profile '{name}'; there are {', '.join(profile_names())}")
    path = specs_dir() / "profiles" / f"{name}.yaml"
    said = YAML(typ="safe", pure=True).load(path.read_bytes())
    return Profile(name, said["title"], said["source"], {str(c): str(w) for c, w in said["reject"].items()})
