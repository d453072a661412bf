"""From error to problem (RFC 9457): one table says what each refusal is called and which status it has.

Phones branch on the slug at the end of ``type``. ``docs/problems.md`` has a paragraph for each, and a test compares.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, g, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as AnyResponse

from api.http.errors import (
    BadCursor,
    BadUpload,
    CrossSiteRequest,
    NotAPiece,
    UnreadableBody,
    UploadTooLarge,
    VersionMissing,
)
from media import errors as media
from visits.access import (
    AccountExists,
    AlreadyBootstrapped,
    DeviceRevoked,
    EnrolmentNeeded,
    NoSuchAccount,
    NotAllowed,
    NothingToConfirm,
    NotOneself,
    NotSignedIn,
    OutsideSignInFailed,
    PasskeyRefused,
    SecondFactorMissing,
    SecondFactorNeeded,
    SignInBusy,
    SignInRefused,
    ThirdPartyIncomplete,
    TooManyTries,
    WeakPassphrase,
    WrongCode,
)
from visits.access import NoSuchDevice as NoSuchPhoneOfAccount
from visits.draws import BadDraw, DrawMoved, NoSuchDraw, NotYetRevealed, SameParty
from visits.fieldwork import (
    BoxOutsidePhoto,
    CalibrationRefused,
    NoSuchDevice,
    NoSuchPhoto,
    NoSuchSighting,
    PhotoNotLookedOver,
)
from visits.fieldwork import NoSuchVisit as NoSuchFieldVisit
from visits.forms import BadQuestionSet, NoSuchItem, NoSuchQuestionSet
from visits.intake import (
    NoSuchExport,
    NoSuchUpload,
    NoSuchVisit,
    PhotoIsEvidence,
    PhotoNotAnnounced,
    RemovedByRule,
    UploadEnded,
)
from visits.ledger import AlreadyWithdrawn, NoSuchProblem
from visits.log import BadCosignature, NoSuchKey, NotInLog
from visits.people import NoSuchPosting
from visits.places import ImportRefused, NoSuchBoundary, NoSuchTiles, NoSuchVillage
from visits.plans import (
    ApproverMissing,
    AssignmentExpired,
    AssignmentWithdrawn,
    BadPlanLine,
    BadReleaseWindow,
    BadTeam,
    NoSuchAssignment,
    NoSuchPlan,
    NoSuchRecusal,
    NotForADouble,
    NotPlanned,
    OverCap,
    OverQuota,
    PlanExists,
    PlanStale,
    Recused,
    ThirdPartyNotApproved,
)
from visits.review import (
    AlreadyDecided,
    AlreadyHandedOver,
    BadStandard,
    BooksNotAsked,
    CorrectionDecided,
    DecisionStale,
    EvidenceNotNamed,
    NoSuchAppeal,
    NoSuchCorrection,
    NoSuchDecision,
    NoSuchHandOver,
    NoSuchNotice,
    NoSuchReferral,
    NoSuchReplyLink,
    NotAdverse,
    NotConsulted,
    ReferralClosed,
    ReplyStillOpen,
    SamePerson,
    ThirdPersonNeeded,
)
from visits.review import NoSuchPosting as NoSuchReviewedPosting
from visits.store import AlreadyServed, CopyFailed, NotEmpty, StoreBusy, StoreUnavailable
from visits.tipoffs import NoSuchTipOff, NotSealed, TipOffEnded
from visits.upkeep import BackupBusy, BackupDisturbed, BadRules, NoBackup, PlanChanged, WrongKey

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
# tus uses a status of its own for bytes that are not what was promised.
HASH_MISMATCH_STATUS = 460


@dataclass(frozen=True)
class Problem:
    """A refusal as the outside knows it. ``members`` are attributes of the error that the answer repeats."""

    slug: str
    status: int
    title: str
    title_zh: str
    members: tuple[str, ...] = ()
    headers: Mapping[str, str] | None = None


_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_RETRY = {"Retry-After": str(RETRY_AFTER_S)}
_BEARER = {"WWW-Authenticate": 'Bearer realm="shidi"'}

# Answers that no error stands behind: what was refused is committed, and the view says so afterwards.
ASSIGNMENT_SEALED = Problem("assignment-sealed", 409, "The assignment is still sealed", "任务尚未启封")
RECORD_CONFLICT = Problem(
    "record-conflict", 409, "A record is here already with other content", "记录编号相同、内容不同"
)
RECORD_REFUSED = Problem("record-refused", 422, "A record was kept, but not taken", "记录已留存，未被采纳")
UNREADABLE_DELIVERY = Problem("unreadable-delivery", 400, "The delivery was kept, but not read", "来件已留存，无法读取")
INVALID_REQUEST = Problem("invalid-request", 422, "The request is not of the agreed shape", "请求内容不合规格")
FOREIGN_TUS_VERSION = Problem("foreign-tus-version", 412, "Another version of tus", "不支持的 tus 版本")
NOT_READY = Problem("not-ready", 503, "The server is not ready", "服务尚未就绪", headers=_RETRY)
UNEXPECTED = Problem("unexpected", 500, "Something went wrong on our side", "服务器内部出错")

# One thing, missed from two rooms.
_NO_SUCH_VISIT = Problem("no-such-visit", 404, "No such visit", "没有这次暗访")
_NO_SUCH_PHONE = Problem("no-such-phone", 404, "No such phone", "没有这部手机")
_NO_SUCH_POSTING = Problem("no-such-posting", 404, "No such posting", "没有这条派驻记录")

PROBLEMS: dict[type[Exception], Problem] = {
    # the edge
    UnreadableBody: Problem("unreadable-body", 400, "The body cannot be read", "请求正文无法读取"),
    CrossSiteRequest: Problem("cross-site-request", 403, "The form is not from our own page", "表单来源不明"),
    VersionMissing: Problem("version-missing", 428, "The edit names no version", "未注明所依据的版本"),
    BadCursor: Problem("bad-cursor", 400, "The cursor is not one of ours", "翻页标记无效"),
    BadUpload: Problem("bad-upload", 400, "The upload is not described as agreed", "上传说明不符合约定"),
    NotAPiece: Problem("not-a-piece", 415, "Not a piece of an upload", "正文类型不是上传分片"),
    UploadTooLarge: Problem("upload-too-large", 413, "More bytes than may be", "超过大小上限", ("max_bytes",)),
    # access
    NotSignedIn: Problem("not-signed-in", 401, "Please sign in", "请先登录", headers=_BEARER),
    SignInRefused: Problem("sign-in-refused", 401, "Sign-in refused", "登录未通过", headers=_BEARER),
    TooManyTries: Problem("too-many-sign-ins", 429, "Too many wrong tries", "登录失败次数过多", ("retry_after_s",)),
    SignInBusy: Problem("sign-in-busy", 503, "Too many sign-ins at once", "登录人数过多，请稍候", headers=_RETRY),
    SecondFactorNeeded: Problem(
        "second-factor-needed", 401, "The second factor is still owed", "还需要动态验证码", headers=_BEARER
    ),
    SecondFactorMissing: Problem("second-factor-missing", 403, "Set up a second factor first", "请先设置第二验证方式"),
    WrongCode: Problem("wrong-code", 422, "The code does not fit", "验证码不对"),
    NothingToConfirm: Problem("nothing-to-confirm", 409, "Nothing is being set up", "没有正在设置的验证器"),
    PasskeyRefused: Problem("passkey-refused", 422, "The passkey was not taken", "通行密钥未通过"),
    EnrolmentNeeded: Problem("enrolment-needed", 403, "This phone needs a square code", "新手机须扫登记二维码"),
    DeviceRevoked: Problem("device-revoked", 401, "This phone was taken out of use", "本手机已停用", headers=_BEARER),
    NoSuchPhoneOfAccount: _NO_SUCH_PHONE,
    OutsideSignInFailed: Problem(
        "outside-sign-in-failed", 401, "The sign-in elsewhere did not succeed", "统一登录未通过", headers=_BEARER
    ),
    NotOneself: Problem("not-oneself", 409, "Somebody else has to do this", "不能对本人账号操作"),
    ThirdPartyIncomplete: Problem(
        "third-party-incomplete", 422, "Approval number and last day belong together", "第三方账号须有批准文号和截止日"
    ),
    NotAllowed: Problem("not-allowed", 403, "This role does not do this", "本角色无此权限"),
    NoSuchAccount: Problem("no-such-account", 404, "No such account", "没有这个账号"),
    AccountExists: Problem("account-exists", 409, "The login name is taken", "登录名已被使用"),
    WeakPassphrase: Problem("weak-passphrase", 422, "The passphrase is too weak", "口令太弱", ("why",)),
    # store and log
    StoreBusy: Problem("store-busy", 503, "The record store is busy", "记录库正忙", headers=_RETRY),
    StoreUnavailable: Problem(
        "store-unavailable", 503, "The record store cannot be used", "记录库暂时不可用", headers=_RETRY
    ),
    NotInLog: Problem("not-in-log", 404, "No such entry in the log", "日志中没有这一条"),
    NoSuchKey: Problem("no-such-key", 404, "The server has no such key", "服务器没有这个密钥"),
    BadCosignature: Problem("bad-cosignature", 422, "The witness's signature does not hold", "见证签名不成立"),
    # places
    ImportRefused: Problem("import-refused", 422, "The file was not imported", "文件未导入"),
    NoSuchVillage: Problem("no-such-village", 404, "No such village", "没有这个村"),
    NoSuchTiles: Problem("no-such-tiles", 404, "No such tiles", "没有这份地图切片"),
    NoSuchBoundary: Problem("no-such-boundary", 404, "No boundary is known", "没有边界资料"),
    # plans
    NoSuchAssignment: Problem("no-such-assignment", 404, "No such assignment", "没有这项任务"),
    BadTeam: Problem("bad-team", 422, "The team cannot be sent", "检查组人员不符合要求"),
    NotForADouble: Problem("not-for-a-double", 409, "This visit cannot have a second team", "该核查不能安排复核组"),
    BadReleaseWindow: Problem("bad-release-window", 422, "Release and expiry do not fit", "启封与截止时间不符合要求"),
    AssignmentExpired: Problem("assignment-expired", 409, "The assignment has expired", "任务已过期"),
    AssignmentWithdrawn: Problem("assignment-withdrawn", 409, "The assignment was withdrawn", "任务已撤销"),
    NoSuchPlan: Problem("no-such-plan", 404, "No such plan", "没有这份年度计划"),
    PlanExists: Problem("plan-exists", 409, "There is a plan for that year", "该年度计划已建立"),
    PlanStale: Problem("plan-stale", 412, "The plan has changed", "计划已有变化"),
    BadPlanLine: Problem("bad-plan-line", 422, "The plan cannot hold this", "计划内容不符合要求"),
    ApproverMissing: Problem("approver-missing", 422, "Nobody approved this check", "固定检查以外的检查须写明批准人"),
    ThirdPartyNotApproved: Problem(
        "third-party-not-approved", 422, "The province has not approved this", "第三方评估须有省级批准文号且在有效期内"
    ),
    NotPlanned: Problem("not-planned", 409, "The year's plan does not cover this", "年度计划中没有对应的检查"),
    OverQuota: Problem("over-quota", 409, "The town's quota is used up", "该乡镇检查指标已用完"),
    OverCap: Problem("over-cap", 409, "The village has its checks of this year", "该村本年度检查次数已到上限"),
    Recused: Problem("recused", 409, "Somebody has to keep away", "检查组中有人须回避"),
    NoSuchRecusal: Problem("no-such-recusal", 404, "No such recusal", "没有这条回避登记"),
    # draws
    NoSuchDraw: Problem("no-such-draw", 404, "No such draw", "没有这次抽取"),
    BadDraw: Problem("bad-draw", 422, "This cannot be drawn", "按这些条件无法抽取"),
    DrawMoved: Problem("draw-moved", 409, "The draw is in another state", "这次抽取已不在这一步"),
    NotYetRevealed: Problem(
        "not-yet-revealed", 409, "The seed is told after the last visit", "本批检查尚未结束，种子不能公布"
    ),
    SameParty: Problem("same-party", 409, "The second party must be another", "随机数须由承诺方以外的人提供"),
    # intake
    NoSuchVisit: _NO_SUCH_VISIT,
    NoSuchUpload: Problem("no-such-upload", 404, "No such upload", "没有这个上传"),
    NoSuchExport: Problem("no-such-export", 404, "No such import", "没有这次导入"),
    UploadEnded: Problem("upload-ended", 410, "The upload has ended", "该上传已终止或过期"),
    PhotoIsEvidence: Problem("photo-is-evidence", 409, "The photo is evidence and stays", "照片已送达，作为证据保留"),
    RemovedByRule: Problem("removed-by-rule", 410, "Removed by rule", "本次暗访的内容已按规定删除"),
    PhotoNotAnnounced: Problem("photo-not-announced", 409, "No record announces this photo", "照片尚无对应记录"),
    # forms, people, fieldwork
    NoSuchItem: Problem("no-such-item", 404, "No such problem item", "没有这一问题条目"),
    NoSuchQuestionSet: Problem("no-such-question-set", 404, "No such set of questions", "没有这一版问题"),
    NoSuchPosting: _NO_SUCH_POSTING,
    NoSuchReviewedPosting: _NO_SUCH_POSTING,
    NoSuchFieldVisit: _NO_SUCH_VISIT,
    BoxOutsidePhoto: Problem("box-outside-photo", 422, "A box lies outside the photo", "遮盖框不在照片之内"),
    PhotoNotLookedOver: Problem(
        "photo-not-looked-over", 409, "Nobody has looked this photo over yet", "这张照片还没有人看过需不需要遮盖"
    ),
    NoSuchDevice: _NO_SUCH_PHONE,
    CalibrationRefused: Problem(
        "calibration-refused", 422, "This says nothing about the phone", "这些定位不足以校准手机"
    ),
    NoSuchPhoto: Problem("no-such-photo", 404, "No such photo here", "没有这张照片"),
    NoSuchSighting: Problem("no-such-sighting", 404, "No such sighting", "没有这条在岗核查"),
    # review
    NoSuchDecision: Problem("no-such-decision", 404, "No such decision", "没有这项决定"),
    NoSuchNotice: Problem("no-such-notice", 404, "No such notice", "没有这份告知"),
    AlreadyDecided: Problem("already-decided", 409, "A decision stands or waits", "已有决定或正待复核"),
    SamePerson: Problem("same-person", 409, "The second person must be another", "复核人不得为提出人"),
    DecisionStale: Problem("decision-stale", 412, "The decision has changed", "决定已有变化"),
    EvidenceNotNamed: Problem("evidence-not-named", 422, "The evidence is not named", "未列明所依据的证据"),
    BooksNotAsked: Problem("books-not-asked", 409, "The leave books were not both asked", "尚未核对两本请假登记簿"),
    ReplyStillOpen: Problem("reply-still-open", 409, "The person may still reply", "本人仍可答复"),
    BadStandard: Problem("bad-standard", 422, "The standard cannot hold", "标准不成立"),
    NoSuchCorrection: Problem("no-such-correction", 404, "No such request to correct", "没有这条更正申请"),
    CorrectionDecided: Problem("correction-decided", 409, "The request has its answer already", "这条更正申请已经答复"),
    NoSuchTipOff: Problem("no-such-tip-off", 404, "No such tip-off", "没有这条举报线索"),
    NotSealed: Problem(
        "identity-not-sealed",
        422,
        "The identity is not sealed to the key in use",
        "举报人身份没有用现用公钥封存，未保存任何内容",
    ),
    TipOffEnded: Problem("tip-off-ended", 409, "It has its outcome already", "这条线索已有办理结果"),
    NoSuchReferral: Problem("no-such-referral", 404, "No such referral", "没有这条提请核实"),
    ReferralClosed: Problem("referral-closed", 409, "The referral was dealt with", "该提请核实已办结"),
    NoSuchReplyLink: Problem("no-such-reply-link", 404, "This way to reply is not open", "该答复入口无效"),
    NotAdverse: Problem("not-adverse", 409, "Not a standing decision against the person", "不是已生效的不利决定"),
    ThirdPersonNeeded: Problem(
        "third-person-needed", 409, "A third person must answer the appeal", "申诉须由第三人答复"
    ),
    NoSuchAppeal: Problem("no-such-appeal", 404, "No such appeal", "没有这件申诉"),
    NotConsulted: Problem("not-consulted", 409, "Consult both before it is handled", "须先沟通、后处理"),
    AlreadyHandedOver: Problem("already-handed-over", 409, "Handed over already", "已移交"),
    NoSuchHandOver: Problem("no-such-hand-over", 404, "No such hand-over", "没有这次移交"),
    # ledger
    NoSuchProblem: Problem("no-such-problem", 404, "No such problem", "没有这个问题"),
    AlreadyWithdrawn: Problem("already-withdrawn", 409, "The problem was withdrawn", "该问题已撤回"),
    # photos and their bytes
    media.UnsupportedFormat: Problem("unsupported-format", 415, "Not a kind of photo we take", "不支持的照片格式"),
    media.UnreadablePhoto: Problem("unreadable-photo", 422, "The photo cannot be read", "照片无法读取"),
    media.PhotoTooLarge: Problem("photo-too-large", 413, "The photo is too large", "照片过大"),
    media.PhotoTooSlow: Problem("photo-too-slow", 422, "The photo takes too long to read", "照片读取超时"),
    media.BadName: Problem("bad-name", 400, "A hash or name is not of the agreed form", "散列值或名称格式不符"),
    media.UploadNotFound: Problem("upload-gone", 404, "The upload's bytes are gone", "上传内容已不在"),
    media.UploadBusy: Problem(
        "upload-busy", 423, "The upload is being written to", "该上传正在写入", headers={"Retry-After": "1"}
    ),
    media.UploadComplete: Problem("upload-complete", 403, "The upload takes no more bytes", "该上传已完成"),
    media.OffsetMismatch: Problem(
        "offset-mismatch", 409, "The upload stands elsewhere", "续传位置不符", ("current_bytes",)
    ),
    media.SizeMismatch: Problem(
        "size-mismatch",
        409,
        "Another number of bytes was announced",
        "字节数与声明不符",
        ("expected_bytes", "received_bytes"),
    ),
    media.HashMismatch: Problem(
        "hash-mismatch",
        HASH_MISMATCH_STATUS,
        "The bytes are not the announced ones",
        "内容与声明的散列值不符",
        ("expected_hex", "actual_hex"),
    ),
    media.UnknownChecksum: Problem("unknown-checksum", 400, "An unknown kind of checksum", "不支持的校验算法"),
    media.ChecksumMismatch: Problem(
        "checksum-mismatch", HASH_MISMATCH_STATUS, "The piece was spoiled on the way", "分片在传输中损坏"
    ),
    media.BytesNotFound: Problem("bytes-not-found", 404, "These bytes are not here", "没有这些内容"),
    media.StoreUnavailable: Problem(
        "evidence-store-unavailable", 507, "Evidence cannot be stored now", "证据暂时无法保存", headers=_RETRY
    ),
    media.UnreadableExport: Problem(
        "unreadable-export", 422, "The file was kept, but cannot be opened", "文件已留存，无法打开"
    ),
    media.BadKey: Problem("bad-key", 422, "The device key cannot be used", "设备公钥无效"),
}

# What no request can cause by what it says: a fault of the house, answered 500 and logged whole.
FAULTS_OF_THE_HOUSE: frozenset[type[Exception]] = frozenset(
    {
        media.AuthorityUnavailable,
        media.BadAddress,  # answered when the server starts
        media.NotComparable,
        media.ProofBroken,
        media.SealBroken,
        BackupBusy,
        BackupDisturbed,
        BadRules,
        CopyFailed,
        NoBackup,
        NotEmpty,
        PlanChanged,
        WrongKey,
        media.UnknownAlgorithm,
        media.InspectionUnavailable,
        media.BadCode,
        AlreadyBootstrapped,
        AlreadyServed,
        BadQuestionSet,
    }
)


def problem_of(error: Exception) -> Problem | None:
    """The problem an error stands for, or None for one that nobody foresaw."""
    return next((PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), None)


def answer(problem: Problem, detail: str = "", **members: Any) -> Response:
    """The problem as a response, in the language the caller reads."""
    language = request.accept_languages.best_match(["zh", "en"], default="zh")
    body: dict[str, Any] = {
        "type": f"/problems/{problem.slug}",
        "title": problem.title if language == "en" else problem.title_zh,
        "status": problem.status,
        "request_id": request_id(),
    }
    if detail:
        body["detail"] = detail
    response = jsonify({**body, **members})
    response.mimetype = PROBLEM_TYPE
    response.status_code = problem.status
    response.headers.update(problem.headers or {})
    return response


def answer_known_error(error: Exception) -> Response:
    """The answer to an error of the edge, the domain or the evidence: known ones are told, others are a 500."""
    problem = problem_of(error)
    if problem is None:
        return answer_unexpected(error)
    logger.info("%s %s: %s", request_id(), problem.slug, type(error).__name__)
    response = answer(problem, str(error), **{name: getattr(error, name) for name in problem.members})
    if isinstance(error, TooManyTries):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def answer_http_error(error: HTTPException) -> AnyResponse:
    """The answer to what Flask and the parser refuse; headers that belong to it (``Allow``) are kept."""
    data: Mapping[str, Any] = getattr(error, "data", None) or {}
    messages = data.get("messages")
    if messages is not None:
        return answer(INVALID_REQUEST, errors=_plain(messages))
    if error.response is not None:  # a redirect to the address with a slash, for instance
        return error.response
    status = error.code or 500
    phrase = _PHRASES.get(status, error.name)
    body = {"type": "about:blank", "title": phrase, "status": status, "request_id": request_id()}
    response = jsonify(body)
    response.mimetype = PROBLEM_TYPE
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def answer_unexpected(error: Exception) -> Response:
    """A 500 without detail; whoever runs the server finds the traceback under the request id."""
    logger.error("%s %s %r failed", request_id(), request.method, request.path, exc_info=error)
    return answer(UNEXPECTED)


def request_id() -> str:
    """The id under which the log knows this request."""
    return str(g.get("request_id", ""))


def _plain(messages: Any) -> Any:
    """marshmallow's messages with keys that JSON can hold."""
    if isinstance(messages, Mapping):
        return {str(key): _plain(value) for key, value in messages.items()}
    return [str(message) for message in messages] if isinstance(messages, list) else str(messages)
