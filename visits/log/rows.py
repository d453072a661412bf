"""Tables of the log: its leaves, and the complete subtrees over them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base


class LogLeaf(Base):
    """One entry. Only ``leaf_hash`` enters the tree; salt and payload open it and may be removed by rule."""

    __tablename__ = "log_leaf"

    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40))
    at_utc: Mapped[datetime]
    leaf_hash: Mapped[bytes]
    salt: Mapped[bytes | None]
    payload: Mapped[bytes | None]


class LogNode(Base):
    """The hash of a complete subtree: level 0 are the leaves, ``index`` counts subtrees of that level."""

    __tablename__ = "log_node"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class ServerKey(Base):
    """A key pair of the server. Never deleted: what an old key signed is checked with it for ever.

    ``kid`` is the thumbprint of the public half; the private half is sealed under the master key.
    """

    __tablename__ = "server_key"
    __table_args__ = (
        Index(
            "uq_server_key_current",
            "purpose",
            unique=True,
            sqlite_where=text("retired_utc IS NULL"),
            postgresql_where=text("retired_utc IS NULL"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(43), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    algorithm: Mapped[str] = mapped_column(String(20))
    public_jwk: Mapped[dict[str, Any]]
    wrapped_private: Mapped[bytes]
    made_utc: Mapped[datetime]
    retired_utc: Mapped[datetime | None]


class CheckpointRow(Base):
    """One signed state of the log. ``path`` proves that it begins with the checkpoint before it."""

    __tablename__ = "checkpoint"

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    text: Mapped[str] = mapped_column(String(400))
    kid: Mapped[str] = mapped_column(ForeignKey("server_key.kid"))
    signature: Mapped[bytes]
    previous_size: Mapped[int | None]
    path: Mapped[list[str]]
    made_utc: Mapped[datetime]


class CheckpointStamp(Base):
    """One try to have a checkpoint stamped: the authority's answer, or why there was none."""

    __tablename__ = "checkpoint_stamp"

    number: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(ForeignKey("checkpoint.size"), index=True)
    authority: Mapped[str] = mapped_column(String(300))
    response: Mapped[bytes | None]
    complaint: Mapped[str] = mapped_column(String(300))
    at_utc: Mapped[datetime]


class CheckpointWitness(Base):
    """The signature of somebody outside over a checkpoint."""

    __tablename__ = "checkpoint_witness"

    size: Mapped[int] = mapped_column(ForeignKey("checkpoint.size"), primary_key=True, autoincrement=False)
    kid: Mapped[str] = mapped_column(String(43), primary_key=True)
    witness: Mapped[str] = mapped_column(String(120))
    algorithm: Mapped[str] = mapped_column(String(20))
    public_jwk: Mapped[dict[str, Any]]
    signature: Mapped[bytes]
    filed_utc: Mapped[datetime]
