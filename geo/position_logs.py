"""Logs of positions as files or tables: read piece by piece, whatever their size. pyarrow is loaded when needed.

>>> names = Names(["A", "B"])
>>> import pyarrow
>>> names.places(pyarrow.array(["B", None, "C", "A"])).tolist()
[1, -1, -1, 0]
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geo.datum import Datum, known_datum
from geo.errors import BadLog, ContradictedDatum, MissingCrs

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("posting_id", "time_utc", "lon_deg", "lat_deg", "accuracy_m")
ROWS_AT_ONCE = 262_144
UNIT_S = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some rows of a log: the posting's place in the list (-1 for none), time in the log's own units, and the fix."""

    posting: NDArray[np.int32]
    time: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.posting)

    def only(self, which: NDArray[Any]) -> Rows:
        """Some of the rows, by a mask or in an order."""
        columns = (self.posting, self.time, self.lon, self.lat, self.accuracy)
        return Rows(*(column[which] for column in columns))


@dataclass(frozen=True)
class Part:
    """A piece of a log that can be read by itself: a file and some of its row groups, or all of them."""

    path: str
    groups: tuple[int, ...] | None


class Log:
    """A log of positions: Parquet files (one, several, or a folder of them) or a table in memory.

    Raises :class:`BadLog` for a log without the five columns or without a time in them, and :class:`MissingCrs` where
    neither the caller nor the files' metadata (``datum``) say what the positions are in.
    """

    def __init__(self, source: Any, *, datum: Datum | str | None) -> None:
        self.table = None if _is_path(source) else as_table(source)
        self.paths = _parquet_files(source) if self.table is None else []
        schemas = [_schema(path) for path in self.paths] if self.table is None else [self.table.schema]
        for schema in schemas:
            _check_columns(schema)
        units = {schema.field("time_utc").type.unit for schema in schemas}
        if len(units) > 1:
            raise BadLog(f"time_utc is counted in {' and in '.join(sorted(units))}; write all files alike")
        self.seconds = UNIT_S[units.pop()]
        self.datum = _datum_of([schema.metadata or {} for schema in schemas], datum)

    def parts(self, *, largest_rows: int) -> list[Part]:
        """The log in pieces of about so many rows, cut between row groups; none for a table in memory."""
        from pyarrow import parquet

        found = []
        for path in self.paths:
            metadata = parquet.ParquetFile(path).metadata
            groups: list[int] = []
            rows = 0
            for group in range(metadata.num_row_groups):
                groups.append(group)
                rows += metadata.row_group(group).num_rows
                if rows >= largest_rows or group + 1 == metadata.num_row_groups:
                    found.append(Part(str(path), tuple(groups)))
                    groups, rows = [], 0
        return found

    def rows(self, names: Names, *, at_once: int = ROWS_AT_ONCE) -> Iterator[Rows]:
        """The rows in the order of the log, some at a time."""
        if self.table is not None:
            for batch in self.table.select(COLUMNS).to_batches(max_chunksize=at_once):
                yield _rows(batch, names)
            return
        for path in self.paths:
            yield from rows_of_part(Part(str(path), None), names, at_once=at_once)


class Names:
    """The places of postings in the list, by their names."""

    def __init__(self, names: Sequence[str]) -> None:
        self._place = {name: place for place, name in enumerate(names)}

    def places(self, column: Any) -> NDArray[np.int32]:
        """The place of each row's posting, -1 for names that are not in the list. Names stand in runs, mostly."""
        import pyarrow as pa
        from pyarrow import compute

        if not pa.types.is_dictionary(column.type):
            column = compute.dictionary_encode(column)
        known = [self._place.get(str(name), -1) for name in column.dictionary.to_pylist()]
        table = np.array([*known, -1], dtype=np.int32)
        codes = column.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
        return np.asarray(table[codes])


def rows_of_part(part: Part, names: Names, *, at_once: int = ROWS_AT_ONCE) -> Iterator[Rows]:
    """The rows of a piece of a log."""
    from pyarrow import parquet

    file = parquet.ParquetFile(part.path, read_dictionary=["posting_id"], pre_buffer=False)
    for batch in file.iter_batches(at_once, row_groups=part.groups and list(part.groups), columns=list(COLUMNS)):
        yield _rows(batch, names)


def as_table(source: Any) -> pa.Table:
    """Return a table from a CSV or Parquet file, a mapping of columns, or anything that hands out Arrow data."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    if isinstance(source, pa.Table):
        return source
    if not _is_path(source):
        return pa.table(dict(source)) if isinstance(source, Mapping) else pa.table(source)
    path = Path(source)
    try:
        if path.suffix.lower() == ".parquet":
            return parquet.ParquetFile(path).read()
        # Codes of twelve digits and names that look like numbers are text.
        text = {name: pa.string() for name in ("posting_id", "village_code", "kind", "from", "to")}
        return csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=text, strings_can_be_null=True))
    except (pa.ArrowException, OSError) as reason:
        raise BadLog(f"{path.name} cannot be read: {reason}") from reason


def column_of(table: pa.Table, name: str, what: str) -> list[Any]:
    """Return a column as plain values; :class:`BadLog` where it is missing."""
    if name not in table.column_names:
        raise BadLog(f"the {what} have no column {name}")
    values: list[Any] = table.column(name).to_pylist()
    return values


def moment(value: Any, zone: tzinfo, *, last: bool) -> datetime | None:
    """Return a date or time as a local moment: a date is its beginning, or its end where it is the ``last`` day."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
        except ValueError as reason:
            raise BadLog(f"{value!r} is no date") from reason
    if isinstance(value, datetime):
        return value.astimezone(zone) if value.tzinfo else value.replace(tzinfo=zone)
    if not isinstance(value, date):
        raise BadLog(f"{value!r} is no date")
    return datetime.combine(value + timedelta(days=1) if last else value, time(), zone)


def _is_path(source: Any) -> bool:
    if isinstance(source, str | Path):
        return True
    return isinstance(source, Sequence) and bool(source) and all(isinstance(one, str | Path) for one in source)


def _parquet_files(source: Any) -> list[Path]:
    sources = [source] if isinstance(source, str | Path) else list(source)
    found: list[Path] = []
    for path in map(Path, sources):
        found += sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not found:
        raise BadLog(f"there is no Parquet file in {source}")
    return found


def _schema(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.read_schema(path)
    except (pa.ArrowException, OSError) as reason:
        raise BadLog(f"{path.name} is no Parquet file: {reason}") from reason


def _check_columns(schema: Any) -> None:
    import pyarrow as pa

    missing = [name for name in COLUMNS if name not in schema.names]
    if missing:
        raise BadLog(f"the fixes have no column {', '.join(missing)}")
    if not pa.types.is_timestamp(schema.field("time_utc").type):
        raise BadLog("time_utc must be a timestamp; one without a zone is taken as UTC")


def _datum_of(metadata: Sequence[Mapping[bytes, bytes]], said: Datum | str | None) -> Datum:
    """Return the datum that caller and files agree on; one of them must speak."""
    told = {known_datum(one[b"datum"].decode()) for one in metadata if b"datum" in one}
    if said is not None:
        told.add(known_datum(said))
    if len(told) > 1:
        raise ContradictedDatum(f"the fixes are said to be in {' and in '.join(sorted(told))}; find out which is true")
    if not told:
        raise MissingCrs("nobody says what the fixes are in: put datum into the file's metadata, or name it")
    return told.pop()


def _rows(batch: Any, names: Names) -> Rows:
    import pyarrow as pa

    def number(name: str) -> NDArray[np.float64]:
        values = batch.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
        return np.ascontiguousarray(values, dtype=np.float64)

    when = batch.column("time_utc").cast(pa.int64()).fill_null(NO_TIME).to_numpy(zero_copy_only=False)
    return Rows(names.places(batch.column("posting_id")), when, *(number(name) for name in COLUMNS[2:]))


def told(metadata: Mapping[str, Any]) -> dict[bytes, bytes]:
    """Return plain values as the metadata of a table."""
    return {b"residence": json.dumps(metadata, ensure_ascii=False).encode()}
