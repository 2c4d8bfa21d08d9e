"""Text or TOML -> a setting's value, one reader per type.

Each raises ValueError with what is wrong and what would be right. `base` is the folder at which
a relative path starts.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from bot.model.commands import Role, Verb
from bot.model.limits import LAUNCHERS, codebuild_output

WITNESSES = {
    "schema_definition": "https://raw.githubusercontent.com/chanzuckerberg/single-cell-curation/"
    "v{version}/cellxgene_schema_cli/cellxgene_schema/schema_definitions/schema_definition.yaml",
    "ontology_guide": "https://raw.githubusercontent.com/chanzuckerberg/cellxgene-ontology-guide/"
    "main/ontology-assets/ontology_info.json",
    "gene_info": "https://raw.githubusercontent.com/chanzuckerberg/single-cell-curation/"
    "v{version}/cellxgene_schema_cli/cellxgene_schema/gencode_files/gene_info.yml",
}


def _text(value: object, _base: Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is not text; give some")
    return value


def _path(value: object, base: Path) -> Path:
    text = _text(value, base)
    try:
        return base / Path(text).expanduser()
    except RuntimeError:
        raise ValueError(
            f"{text!r} begins with a user who has no folder; give the whole path"
        ) from None


def _address(value: object, base: Path) -> str:
    text = _text(value, base)
    return text if "://" in text else str(_path(text, base))


def _api(value: object, base: Path) -> str:
    return _text(value, base).rstrip("/")


def _places(value: object, base: Path) -> tuple[str, ...]:
    """A list's addresses; the environment parts them by commas."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise ValueError(f"{value!r} is no list of addresses; give s3:// ones or folders")
    return tuple(_address(part.strip() if isinstance(part, str) else part, base) for part in parts)


def _instance(value: object, base: Path) -> str:
    """The title of a workflow run must tell the instance, so that it takes one run at a time."""
    text = _text(value, base)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", text, re.ASCII):
        raise ValueError(f"{text!r} is no LaminDB instance; give it as OWNER/NAME")
    return text


def _template(value: object, base: Path) -> str:
    text = _address(value, base)
    if "{version}" not in text:
        raise ValueError(f"{text!r} lacks {{version}}; say where the version stands")
    return text


def _repository(value: object, base: Path) -> str:
    text = _text(value, base)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", text, re.ASCII):
        raise ValueError(f"{text!r} is no repository; give it as OWNER/NAME")
    return text


def _workflow(value: object, base: Path) -> str:
    """The file's name, given as it or as `github.workflow_ref`.

    OWNER/NAME/.github/workflows/FILE@refs/heads/main: the calling workflow's, in a called one, too:
    https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#github-context
    """
    name = _text(value, base).split("@")[0].rsplit("/", 1)[-1]
    if not name.endswith((".yml", ".yaml")):
        raise ValueError(f"{value!r} is no workflow file; give its name, which ends in .yml")
    return name


def _webhook(value: object, _base: Path) -> str:
    """The address, which is a secret: no message has it."""
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value.strip()):
        raise ValueError("it is no address of a webhook; give one that begins with https://")
    return value.strip()


def _launcher(value: object, base: Path) -> str:
    """The workflow files compare it without its case, and take an unknown one for a machine's."""
    name = _text(value, base).lower()
    if name not in LAUNCHERS:
        raise ValueError(f"{value!r} is no launcher; use one of {', '.join(LAUNCHERS)}")
    return name


def _seconds(value: object, _base: Path) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not 0 <= number <= 60:
        raise ValueError(f"{value!r} is no number of seconds; give one from 0 to 60")
    return number


def _witnesses(value: object, base: Path) -> Mapping[str, str]:
    addresses = {name: _address(address, base) for name, address in _pairs(value)}
    if unknown := sorted(addresses.keys() - WITNESSES.keys()):
        raise ValueError(f"{unknown[0]!r} is not a source; use {', '.join(WITNESSES)}")
    return addresses


def _flag(value: object, _base: Path) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ValueError(f"{value!r} is neither true nor false; give one of them")


def _role(value: object) -> Role:
    if isinstance(value, str) and value.upper() in Role.__members__:
        return Role[value.upper()]
    names = ", ".join(name.lower() for name in Role.__members__)
    raise ValueError(f"{value!r} is not a role; use one of {names}")


def _roles(value: object, _base: Path) -> Mapping[str, Role]:
    return {name: _role(role) for name, role in _pairs(value)}


def _minimum_roles(value: object, _base: Path) -> Mapping[Verb, Role]:
    return {_verb(name): _role(role) for name, role in _pairs(value)}


def _verb(name: str) -> Verb:
    if name not in list(Verb):
        raise ValueError(f"{name!r} is not a command; use one of {', '.join(Verb)}")
    return Verb(name)


def _names(value: object, base: Path) -> Mapping[str, str]:
    return {name: _text(text, base) for name, text in _pairs(value)}


def _pairs(value: object) -> list[tuple[str, object]]:
    """A table's pairs; the environment writes one as `name=value,name=value`."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, str) and all("=" in part for part in value.split(",")):
        return [(n.strip(), v.strip()) for n, _, v in (p.partition("=") for p in value.split(","))]
    raise ValueError(f"{value!r} is not a table; give name = value pairs")


READERS: Mapping[str, Callable[[object, Path], object]] = {
    "instance": _instance,
    "github": _repository,
    "github_token": _text,
    "github_api": _api,
    "github_pace": _seconds,
    "patch_repository": _repository,
    "patch_token": _text,
    "announce": _webhook,
    "app_client_id": _text,
    "app_private_key": _text,
    "runs": _address,
    "workflow": _workflow,
    "home": _path,
    "repository": _path,
    "release_page": _address,
    "release_page_source": _address,
    "release_directory": _address,
    "schema_document": _template,
    "witnesses": _witnesses,
    "lamindb": _address,
    "ingest_on_merge": _flag,
    "launcher": _launcher,
    "launch_toml": _text,
    "codebuild": lambda value, _base: codebuild_output(value),
    "dashboard": _flag,
    "bot": _text,
    "roles": _roles,
    "minimum_roles": _minimum_roles,
    "previous": _names,
    "storage": _places,
}


def read_text(setting: str, text: str) -> object:
    """The value of a variable's text, as in the working folder. Raises ValueError."""
    return READERS[setting](text, Path())
