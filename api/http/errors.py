"""What the edge itself refuses, before any rule of the domain is asked."""


class EdgeError(Exception):
    """A request that does not fit the way this server is spoken to; the text says what to change."""


class UnreadableBody(EdgeError):
    """The body is not the strict JSON that was agreed."""


class CrossSiteRequest(EdgeError):
    """A form arrived without the token of our own page."""


class VersionMissing(EdgeError):
    """An edit did not say which version it began with (``If-Match``)."""


class BadCursor(EdgeError):
    """The cursor of a list was not made by this server."""


class BadUpload(EdgeError):
    """The headers of an upload do not say what was agreed."""


class NotAPiece(EdgeError):
    """The body of a PATCH is not of the type that pieces of an upload have."""


class UploadTooLarge(EdgeError):
    """More bytes than the upload may have; ``max_bytes`` is the limit."""

    def __init__(self, sentence: str, *, max_bytes: int) -> None:
        super().__init__(sentence)
        self.max_bytes = max_bytes
