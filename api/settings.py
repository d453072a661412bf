"""The settings of one installation: a frozen value, read once at the start and handed down."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MEBIBYTE = 2**20
LANGUAGES = ("zh", "en")
# Web Mercator, or degrees of CGCS2000 from level 1 on: Tianditu's _w and _c.
BASEMAP_GRIDS = ("w", "c")
# The host stands in a header, so that it may hold nothing but a name, a port, and a range of servers like {0-7}.
_BASEMAP_URL = re.compile(r"https?://[a-z0-9.-]*(\{[0-9]-[0-9]\}[a-z0-9.-]+)?(:[0-9]{1,5})?/[!-~]*", re.IGNORECASE)


@dataclass(frozen=True)
class Settings:
    """How this installation runs. ``docs/settings.md`` describes each for people."""

    data_dir: Path
    database_url: str
    master_key_path: Path
    host: str = "127.0.0.1"
    port: int = 8000
    max_body_bytes: int = 4 * MEBIBYTE
    max_photo_bytes: int = 50 * MEBIBYTE
    max_export_bytes: int = 256 * MEBIBYTE
    # Where photos are kept when not in the data folder: s3://bucket/prefix?endpoint=…&region=…
    evidence_url: str = ""
    evidence_key_id: str | None = None
    evidence_key_secret: str | None = field(default=None, repr=False)
    # How long half-arrived bytes of a photo are kept after nobody goes on with them.
    upload_days: int = 90
    blur_days: int = 90
    # How long after its outcome what a tip-off said is kept; for good unless the operator sets it.
    tip_off_days: int | None = None
    # The county's own rules of removal, for commands and for the nightly count of what is due; none are built in.
    retention_rules: Path | None = None
    language: str = "zh"
    operator_name: str = ""
    complaint_contact: str = ""
    # The address of the reverse proxy in front, whose word on the caller's address and on https is believed.
    trusted_proxy: str | None = None
    # The timestamp authority (RFC 3161) that stamps checkpoints; none is asked unless one is set.
    timestamp_url: str | None = None
    # "required" of the roles that read about people or make accounts, or only "offered" (for trying things out).
    second_factor: str = "required"
    # Whether a new phone is let in by passphrase ("open") or needs a square code besides ("invited").
    new_phones: str = "open"
    desk_idle_minutes: int = 30
    # The address people see in their browser, such as https://shidi.example: passkeys and the provider are tied to it.
    public_url: str | None = None
    # A provider of OpenID Connect at which people may sign in instead of typing a passphrase here.
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = field(default=None, repr=False)
    # Picture tiles below the map, the first at the bottom: none unless the operator sets them.
    basemap_urls: tuple[str, ...] = ()
    basemap_grid: str = "w"
    basemap_approval: str = ""


class BadSetting(Exception):
    """A setting cannot be used; the text names it."""


def read_settings(environ: Mapping[str, str], *, data_dir: Path | None = None) -> Settings:
    """The settings that ``environ`` gives, on top of the defaults; ``data_dir`` from a command line goes first."""
    folder = (data_dir or Path(environ.get("SHIDI_DATA", "data"))).resolve()
    return Settings(
        data_dir=folder,
        database_url=environ.get("SHIDI_DATABASE_URL", f"sqlite:///{folder / 'shidi.sqlite'}"),
        master_key_path=Path(environ.get("SHIDI_MASTER_KEY", folder / "master.key")),
        host=environ.get("SHIDI_HOST", Settings.host),
        port=_number(environ, "SHIDI_PORT", Settings.port, most=65_535),
        max_body_bytes=_number(environ, "SHIDI_MAX_BODY_BYTES", Settings.max_body_bytes, most=1024 * MEBIBYTE),
        max_photo_bytes=_number(environ, "SHIDI_MAX_PHOTO_BYTES", Settings.max_photo_bytes, most=1024 * MEBIBYTE),
        max_export_bytes=_number(environ, "SHIDI_MAX_EXPORT_BYTES", Settings.max_export_bytes, most=65_536 * MEBIBYTE),
        evidence_url=environ.get("SHIDI_EVIDENCE_URL", Settings.evidence_url),
        evidence_key_id=environ.get("SHIDI_EVIDENCE_KEY_ID") or None,
        evidence_key_secret=environ.get("SHIDI_EVIDENCE_KEY_SECRET") or None,
        upload_days=_number(environ, "SHIDI_UPLOAD_DAYS", Settings.upload_days, most=3650),
        blur_days=_number(environ, "SHIDI_BLUR_DAYS", Settings.blur_days, most=3650),
        tip_off_days=_number(environ, "SHIDI_TIP_OFF_DAYS", 0, most=36_500) or None,
        retention_rules=Path(rules) if (rules := environ.get("SHIDI_RETENTION_RULES")) else None,
        language=_one_of(environ, "SHIDI_LANGUAGE", LANGUAGES),
        operator_name=environ.get("SHIDI_OPERATOR", Settings.operator_name),
        complaint_contact=environ.get("SHIDI_COMPLAINTS", Settings.complaint_contact),
        trusted_proxy=environ.get("SHIDI_TRUSTED_PROXY") or None,
        timestamp_url=_web_address(environ, "SHIDI_TIMESTAMP_URL"),
        second_factor=_one_of(environ, "SHIDI_SECOND_FACTOR", ("required", "offered")),
        new_phones=_one_of(environ, "SHIDI_NEW_PHONES", ("open", "invited")),
        desk_idle_minutes=_number(environ, "SHIDI_DESK_IDLE_MINUTES", Settings.desk_idle_minutes, most=600),
        public_url=(_web_address(environ, "SHIDI_PUBLIC_URL") or "").rstrip("/") or None,
        oidc_issuer=_web_address(environ, "SHIDI_OIDC_ISSUER"),
        oidc_client_id=environ.get("SHIDI_OIDC_CLIENT_ID") or None,
        oidc_client_secret=environ.get("SHIDI_OIDC_CLIENT_SECRET") or None,
        **_basemap(environ),
    )


def _number(environ: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    text = environ.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and 0 < int(text) <= most):
        raise BadSetting(f"{name} must be a whole number from 1 to {most}, not {text!r}")
    return int(text)


def _one_of(environ: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    """The word a setting has; the first of ``words`` where it is not set."""
    word = environ.get(name, words[0])
    if word not in words:
        raise BadSetting(f"{name} must be one of {', '.join(words)}, not {word!r}")
    return word


def _web_address(environ: Mapping[str, str], name: str) -> str | None:
    address = environ.get(name)
    if not address:
        return None
    if not address.startswith(("http://", "https://")):
        raise BadSetting(f"{name} must begin with http:// or https://, unlike {address!r}")
    return address


def _basemap(environ: Mapping[str, str]) -> dict[str, Any]:
    """The base map; one without its approval number may not be shown, and one on another grid would lie elsewhere."""
    urls = tuple(environ.get("SHIDI_BASEMAP_URL", "").split())
    grid = environ.get("SHIDI_BASEMAP_GRID", Settings.basemap_grid)
    approval = environ.get("SHIDI_BASEMAP_APPROVAL", "").strip()
    if grid not in BASEMAP_GRIDS:
        raise BadSetting(f"SHIDI_BASEMAP_GRID must be one of {', '.join(BASEMAP_GRIDS)}, not {grid!r}")
    for url in urls:
        if not _BASEMAP_URL.fullmatch(url) or not all(gap in url for gap in ("{z}", "{x}", "{y}")):
            raise BadSetting(f"SHIDI_BASEMAP_URL must be an https address with {{z}}, {{x}} and {{y}}, unlike {url!r}")
        other = "c" if grid == "w" else "w"
        if f"_{other}/" in url:
            raise BadSetting(f"SHIDI_BASEMAP_URL names the grid _{other}, but SHIDI_BASEMAP_GRID is {grid}")
    if urls and not approval:
        raise BadSetting("SHIDI_BASEMAP_APPROVAL must give the approval number (审图号) of the base map")
    return {"basemap_urls": urls, "basemap_grid": grid, "basemap_approval": approval}
