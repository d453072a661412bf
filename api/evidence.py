"""The evidence store that the settings name: a folder of this machine, or a bucket."""

from api.settings import BadSetting, Settings
from media.errors import BadAddress
from media.store import EvidenceStore, LocalStore, read_address


def open_evidence(settings: Settings, *, create: bool = True) -> EvidenceStore:
    """The evidence store of the settings; without ``create`` a folder must be there already, a bucket always must."""
    folder = settings.data_dir / "evidence"
    if not settings.evidence_url:
        return LocalStore(folder, create=create)
    try:
        address = read_address(
            settings.evidence_url, key_id=settings.evidence_key_id, secret=settings.evidence_key_secret
        )
        from media.store import S3Store
    except BadAddress as reason:
        raise BadSetting(f"SHIDI_EVIDENCE_URL cannot be used: {reason}") from reason
    except ImportError as reason:
        raise BadSetting("SHIDI_EVIDENCE_URL needs the object store's client: pip install 'shidi[s3]'") from reason
    return S3Store(address, folder / "uploads")
