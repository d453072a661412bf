"""Steps 2 and 3 of the story: what two inspectors do in the village, and what their phones do with the network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from demo.cast import AT_CANTEEN, FAR_FIX, MET, ON_LEAVE, UNEXPLAINED
from demo.errors import DemoError
from demo.phone import LOCAL, Phone, Photographed, Recorded
from demo.photos import HEIC, SIZE_12_MP, ExifPlace, Picture, picture
from geo import Datum, LonLat, convert
from media.proof import b64url_text, sign_p256

Json = dict[str, Any]

ITEM_NOTICES = 20
ITEM_PEOPLE_SENT = 10
ITEM_SHOW_PIECES = 24
FAR_ACCURACY_M = 3000.0
REUSED_SEED = 5
# A few hundredths of a degree: kilometres away from where the phone says it is.
_FAR_AWAY_DEG = 0.05
_JITTER_DEG = 0.00015


@dataclass(frozen=True)
class Place:
    """Where the visit happens, in WGS 84: the village, and the canteen at the town's seat."""

    village: LonLat
    canteen: LonLat


@dataclass(frozen=True)
class PhoneDay:
    """What one phone recorded, as its owner would tell it."""

    photos: tuple[Photographed, ...]
    refused_photo: Photographed | None
    pictures: Mapping[str, bytes]
    problem_to_change: Recorded | None
    sightings: Mapping[str, Recorded]


class Inspector:
    """One inspector with a phone that gives positions in one datum, and declares that or another one."""

    def __init__(self, phone: Phone, *, datum: Datum, seed: int, declares: Datum | None = None) -> None:
        self.phone = phone
        self.datum = datum
        self.declares = declares or datum
        self.random = np.random.default_rng(seed)
        self.posting_ids = {posting["name"]: posting["id"] for posting in phone.package["postings"]}

    def fix(self, at: LonLat, *, accuracy_m: float = 12.0) -> Json:
        """A fix near ``at`` as this phone reports it: in its own datum, and saying which."""
        lon_deg, lat_deg = (float(value) for value in np.array(at_pair(at)) + self.random.normal(0, _JITTER_DEG, 2))
        lon_deg, lat_deg = convert(lon_deg, lat_deg, source=Datum.WGS84, target=self.datum)
        return {
            "lon_deg": round(lon_deg, 7),
            "lat_deg": round(lat_deg, 7),
            "datum": str(self.declares),
            "datum_how": "declared",
            "accuracy_m": accuracy_m,
            "fixed_at": self.phone.clock().isoformat(),
            "source": "geolocation",
        }

    def saw(self, name: str, seen: str, fix: Json, *, by_both: bool = False, know: int = 3, note: str = "") -> Recorded:
        """A sighting of one posted person."""
        body = {
            "posting_id": self.posting_ids[name],
            "seen": seen,
            "met_by_both": by_both,
            "villagers_asked": 3,
            "villagers_know": know,
            "fix": fix,
            "note": note,
        }
        return self.phone.record("sighting", body)

    def found(self, item: int, text: str, at: LonLat, *, kind: int = 2, fixed_on_spot: bool = False) -> Recorded:
        """A problem that cites one of the 29 items."""
        body = {
            "item": item,
            "other_reason": None,
            "kind": kind,
            "text": text,
            "place_note": "村部公示栏旁（演示）",
            "fixed_on_spot": fixed_on_spot,
            "fix": self.fix(at),
        }
        return self.phone.record("problem", body)

    def answered(self, **answers: str | tuple[int, int]) -> Json:
        """Answers to the questions of the package: a word, or how many were asked and how many know."""
        said = [
            {
                "question_id": question_id,
                "answer": answer if isinstance(answer, str) else "counted",
                "asked": None if isinstance(answer, str) else answer[0],
                "know": None if isinstance(answer, str) else answer[1],
                "note": "",
            }
            for question_id, answer in answers.items()
        ]
        return {"question_set": self.phone.package["question_set"], "answers": said}

    def corrected(self, record: Recorded, body: Json, reason: str) -> Recorded:
        """What an earlier record of this phone should have said."""
        return self.phone.record(
            "correction", {"of_record": record.id, "of_sha256": record.sha256, "reason": reason, "body": body}
        )

    def shoot(self, taken: Picture, at: LonLat, of: Recorded | None, *, source: str = "camera") -> Photographed:
        """A photo, hashed at the shutter, with the fixes of that moment."""
        of_record = of.id if of else None
        return self.phone.photograph(
            taken.data, taken.media_type, fixes=[self.fix(at)], of_record=of_record, source=source
        )


def at_pair(at: LonLat) -> tuple[float, float]:
    """Longitude and latitude, for arithmetic."""
    return at.lon_deg, at.lat_deg


def record_first_visit(phone: Phone, at: LonLat) -> Photographed:
    """A short visit by one inspector alone, whose one photo will turn up again."""
    inspector = Inspector(phone, datum=Datum.WGS84, seed=1)
    phone.record("arrive", {"fix": inspector.fix(at), "no_fix_reason": None})
    problem = inspector.found(ITEM_NOTICES, "公示栏内容停留在上一年度（演示）", at)
    photo = inspector.shoot(_picture(REUSED_SEED, exif_at(at)), at, problem)
    phone.record("close", _closing(phone))
    return photo


def record_first_phone(phone: Phone, place: Place, reused: bytes) -> PhoneDay:
    """The first inspector's part: arrival, four people, two problems, nine photos of which one is too many.

    A few questions are answered, and one answer is corrected after the visit was closed.
    """
    inspector = Inspector(phone, datum=Datum.WGS84, seed=2)
    village = place.village
    phone.record("arrive", {"fix": inspector.fix(village), "no_fix_reason": None})
    sightings = {
        MET: inspector.saw(MET, "met", inspector.fix(village), by_both=True),
        ON_LEAVE: inspector.saw(ON_LEAVE, "not_met", inspector.fix(village), know=2),
        UNEXPLAINED: inspector.saw(UNEXPLAINED, "not_met", inspector.fix(village), know=1),
        FAR_FIX: inspector.saw(FAR_FIX, "met", inspector.fix(village, accuracy_m=FAR_ACCURACY_M)),
    }
    notices = inspector.found(ITEM_NOTICES, "扶贫资金公告公示未更新，询问三名群众均不知晓（演示）", village)
    here = exif_at(village)
    shifted = ExifPlace(*convert(*at_pair(village), source=Datum.WGS84, target=Datum.GCJ02))
    far = ExifPlace(village.lon_deg + _FAR_AWAY_DEG, village.lat_deg)
    pictures = [
        _picture(11, here, size_px=SIZE_12_MP),
        _picture(12, here),
        _picture(13, ExifPlace(0.0, 0.0)),
        _picture(14, shifted),
        _picture(15, far),
        Picture(reused, "image/jpeg"),
        _picture(17, here),
    ]
    photos = [inspector.shoot(taken, village, notices) for taken in pictures]
    boards = inspector.found(ITEM_SHOW_PIECES, "重复制作的展板已当场撤下（演示）", village, fixed_on_spot=True)
    photos += [inspector.shoot(_picture(seed, here), village, boards) for seed in (21, 22)]
    notices_known: dict[str, str | tuple[int, int]] = {"funds_board": "yes", "funds_known": (3, 0)}
    answers = phone.record("answers", inspector.answered(**notices_known, living_heating="yes"))
    phone.record("close", _closing(phone))
    inspector.corrected(answers, inspector.answered(**notices_known, living_heating="no"), "取暖情况记错（演示）")
    too_many = photos.pop(6)
    return PhoneDay(tuple(photos), too_many, _bytes_of(phone, photos), boards, sightings)


def record_second_phone(phone: Phone, place: Place, arrival: Recorded) -> PhoneDay:
    """The second inspector's part: confirms by the first's code, meets two people, one problem, five photos."""
    inspector = Inspector(phone, datum=Datum.GCJ02, seed=3)
    village = place.village
    phone.record("confirm", {"arrive_id": arrival.id, "arrive_sha256": arrival.sha256, "fix": inspector.fix(village)})
    sightings = {
        MET: inspector.saw(MET, "met", inspector.fix(village), by_both=True),
        AT_CANTEEN: inspector.saw(AT_CANTEEN, "met", inspector.fix(place.canteen), note="在乡镇食堂见到（演示）"),
    }
    lodging = inspector.found(ITEM_PEOPLE_SENT, "驻村宿舍无取暖设备（演示）", village, kind=1)
    here = exif_at(village)
    photos = [
        inspector.shoot(_picture(31, here, media_type=HEIC), village, lodging),
        inspector.shoot(_picture(32, here), village, lodging),
        inspector.shoot(_picture(33, ExifPlace(0.0, 0.0)), village, lodging, source="gallery"),
        inspector.shoot(_picture(34, None), village, lodging),
    ]
    too_many = inspector.shoot(_picture(35, here), village, None)
    phone.record("finish", {"records": len(phone.records()) + 1})
    return PhoneDay(tuple(photos), too_many, _bytes_of(phone, photos), None, sightings)


def with_other_content(phone: Phone, record: Recorded) -> Json:
    """The same record id with another text, properly signed: what a faulty or meddling phone would send."""
    content = json.loads(record.text)
    content["body"]["text"] += "（改动）"
    text = json.dumps(content, ensure_ascii=False)
    signature = b64url_text(sign_p256(phone.key, text.encode()))
    return {"record": text, "signature": signature}


def new_phone(folder: Path, base_url: str, login: str, passphrase: str) -> Phone:
    """A signed-in phone with an empty outbox."""
    phone = Phone(folder, base_url)
    phone.sign_in(login, passphrase, label=f"演示手机 {login}")
    return phone


def open_or_fail(phone: Phone, assignment_id: str) -> Json:
    """The package of an assignment that is open by now."""
    answer = phone.ask_to_open(assignment_id)
    if answer.status_code != 200:
        raise DemoError(f"opening the assignment was answered {answer.status_code}: {answer.text[:300]}")
    return phone.package


def exif_at(at: LonLat) -> ExifPlace:
    """A camera's position."""
    return ExifPlace(at.lon_deg, at.lat_deg)


def _picture(seed: int, place: ExifPlace | None, **options: Any) -> Picture:
    return picture(seed, taken_at=datetime.now(LOCAL), place=place, **options)


def _closing(phone: Phone) -> Json:
    return {"records": len(phone.records()) + 1, "escorted": False, "warned_beforehand": False, "note": ""}


def _bytes_of(phone: Phone, photos: list[Photographed]) -> dict[str, bytes]:
    return {photo.sha256: (phone.folder / "photos" / photo.sha256).read_bytes() for photo in photos}
