"""Tables of the log: its leaves, and the complete subtrees over them."""

from datetime import datetime

from sqlalchemy import String
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
