"""Tables of the log: its leaves, and the complete subtrees over them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
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
