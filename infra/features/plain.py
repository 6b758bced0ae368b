"""Plain Arrow types: what drivers answer, as the types that a feature's table holds."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from schemas.document import TIMESTAMP
from schemas.errors import SourceError

TYPMOD_HEADER = 4
"""PostgreSQL writes numeric(p, s) as ((p << 16) | s) + 4."""
DIGITS = 38
PLAIN = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_float32,
    pa.types.is_float64,
    pa.types.is_decimal128,
    pa.types.is_string,
    pa.types.is_date32,
    pa.types.is_time64,
)


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema in plain types. Raises SourceError for a type that no feature holds."""
    return pa.schema([pa.field(field.name, _plain(field)) for field in schema])


def in_plain_types(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch in plain types."""
    columns = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        stored = column.storage if isinstance(column, pa.ExtensionArray) else column
        if pa.types.is_dictionary(stored.type):
            stored = stored.dictionary_decode()
        if _name(field) == "arrow.uuid":
            stored = pa.array([value and str(value) for value in column.to_pylist()], pa.string())
        target = _plain(field)
        if pa.types.is_timestamp(stored.type) and not pa.types.is_timestamp(target):
            target = stored.type
        columns.append(stored if stored.type == target else pc.cast(stored, target))
    return pa.RecordBatch.from_arrays(columns, schema=plain_schema(batch.schema))


def _plain(field: pa.Field) -> pa.DataType:
    kind = field.type
    if isinstance(kind, pa.BaseExtensionType):
        return _of_extension(field)
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_timestamp(kind):
        return TIMESTAMP if kind.tz else pa.timestamp("us")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_field))
    if any(is_kind(kind) for is_kind in PLAIN):
        return kind
    raise _unknown(field)


def _of_extension(field: pa.Field) -> pa.DataType:
    """A numeric keeps its precision where the column has one, and is exact text where it has not."""
    if _name(field) not in ("arrow.opaque", "arrow.uuid", "arrow.json"):
        raise _unknown(field)
    if not (_name(field) == "arrow.uuid" or pa.types.is_string(field.type.storage_type)):
        raise _unknown(field)
    typmod = int((field.metadata or {}).get(b"POSTGRESQL:typmod", b"-1")) - TYPMOD_HEADER
    if getattr(field.type, "type_name", "") == "numeric" and typmod > 0 and typmod >> 16 <= DIGITS:
        return pa.decimal128(typmod >> 16, typmod & 0xFFFF)
    return pa.string()


def _name(field: pa.Field) -> str:
    return str(getattr(field.type, "extension_name", ""))


def _unknown(field: pa.Field) -> SourceError:
    return SourceError(
        f"column {field.name!r} has type {field.type}, which no feature holds",
        fix="convert it in the query, to text if nothing else fits",
    )
