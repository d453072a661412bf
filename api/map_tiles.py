"""Where the map's tiles of an installation are."""

from api.settings import Settings
from visits.places import TileFolder


def tile_folder(settings: Settings) -> TileFolder:
    """The folder of tile files, below the data folder."""
    return TileFolder(settings.data_dir.resolve() / "tiles")
