"""The books the offices keep: for each column its field, its usual header and the other headers it goes by.

Fields and words are those of the rows that the rooms of ``visits`` take in, so that a complaint from there finds its
cell here. In the leave book ``from_date`` and ``to_date`` are pairs: the day, and ``am``, ``pm`` or None.

Labels change with policy and from county to county; a header met in the field belongs in ``aliases`` here. What must
not be collected is listed as discarded, so that the import can say that it was left unread.
"""

from __future__ import annotations

from api.workbooks.sheet import Column
from api.workbooks.values import (
    day,
    day_or_time,
    division_code,
    half_day,
    login_name,
    name,
    names,
    number,
    one_of,
    person_name,
    round_number,
    text,
    town_code,
    village_code,
    whole_day,
    whole_number,
    year,
    yes_no,
)

DATUMS = {
    "wgs84": ("WGS84", "WGS-84", "GPS", "GPS坐标", "EPSG:4326"),
    "gcj02": ("GCJ02", "GCJ-02", "火星坐标", "火星坐标系", "高德", "腾讯", "高德坐标"),
    "bd09": ("BD09", "BD-09", "百度", "百度坐标", "百度坐标系"),
    "cgcs2000": ("CGCS2000", "2000坐标系", "国家2000", "2000国家大地坐标系", "国家大地2000", "EPSG:4490", "天地图"),
}
ROLES = {
    "inspector": ("督查员", "暗访员", "检查员"),
    "office": ("督查办", "督查室"),
    "organization": ("组织部", "县委组织部", "市委组织部"),
    "discipline": ("纪委", "纪委监委", "纪检监察"),
    "leader": ("领导", "县领导", "市领导"),
    "oversight": ("监督查询", "监督"),
    "admin": ("管理员", "系统管理员"),
}
POSTING_KINDS = {
    "first_secretary": ("第一书记", "驻村第一书记", "第一书记兼工作队长", "第一书记兼队长", "第一书记、工作队长"),
    "team_leader": ("工作队长", "队长", "驻村工作队长", "驻村工作队队长"),
    "team_member": ("队员", "工作队员", "驻村工作队员", "驻村工作队队员", "驻村工作队"),
    "branch_secretary": ("下派村党支部书记", "下派村支书", "下派书记", "下派支书", "下派村书记"),
    "provincial": ("省驻村干部", "省派驻村干部", "省派干部"),
    "linked_helper": ("挂钩帮扶", "挂钩帮扶干部", "挂钩干部", "帮扶干部"),
}
POSTING_STATES = {
    "in_post": ("在岗", "在任", "在职"),
    "ended": ("期满", "届满", "任期届满"),
    "moved": ("调整", "已调整", "调离", "轮换"),
    "recalled": ("召回", "已召回"),
}
# Why somebody was on leave is their own affair: every kind of it is stored as the one word leave.
LEAVE_KINDS = {
    "leave": (
        "请假",
        "事假",
        "病假",
        "年休",
        "年休假",
        "年假",
        "公休假",
        "探亲假",
        "婚假",
        "产假",
        "陪产假",
        "护理假",
        "育儿假",
        "丧假",
    ),
    "trip": ("公差", "出差", "因公外出", "公务外出"),
    "training": ("培训", "学习", "学习培训"),
    "meeting": ("会议", "开会", "参会"),
    "rest": ("轮休", "调休", "补休", "节假日"),
}
REPORTED_BY = {"written": ("书面", "书面报告"), "telephone": ("电话", "电话报告"), "wechat": ("微信", "微信报告")}
LEAVE_BOOKS = {
    "township": ("乡镇", "乡镇（街道）", "街道", "乡镇登记簿"),
    "department": ("组织部", "县委组织部", "组织部登记簿"),
}
SITE_KINDS = {
    "office": ("办公", "办公点", "村部", "村委会", "村办公楼"),
    "quarters": ("住宿", "住宿点", "宿舍", "驻点", "驻村住所"),
    "hamlet": ("自然村", "村民小组"),
    "seasonal": ("季节点", "季节性居住点", "临时居住点"),
    "other": ("其他", "其它"),
}
POSITION_SOURCES = {
    "surveyed": ("实测", "现场实测", "GPS实测", "测绘"),
    "map": ("地图", "图上标绘", "地图标绘", "图上量取", "地图选点"),
    "synthetic": ("合成", "模拟", "演示"),
    "unknown": ("不详", "未知", "地址解析"),
}
VILLAGE_KINDS = {
    "village": ("行政村", "村", "建制村", "村委会", "村民委员会"),
    "residents": ("社区", "居委会", "居民委员会", "社区居委会", "村改居", "居委"),
}


def _discarded(field: str, *headers: str) -> Column:
    """A column that is left unread; any header that contains one of ``headers`` is taken for it."""
    return Column(field, headers[0], aliases=headers[1:], discard=True)


# A book is never asked for these; they come along in the same workbook all the same.
_NEVER_COLLECTED = (
    _discarded("identity_number", "身份证", "证件号", "公民身份号码"),
    _discarded("ethnic_group", "民族"),
    _discarded("education", "学历", "文化程度", "学位"),
    _discarded("home_address", "家庭住址", "家庭地址", "户籍地址", "户籍所在地", "居住地址"),
    _discarded("bank_account", "银行卡", "银行账号", "开户行", "卡号"),
    _discarded("health", "健康状况", "病情", "病种", "诊断", "残疾"),
    _discarded("leave_reason", "请假事由", "事由", "请假原因", "请假理由"),
    _discarded("marriage", "婚姻", "配偶"),
    _discarded("income", "收入", "工资"),
    _discarded("password", "密码", "口令"),
)

_TOWN_NAME = Column("town_name", "乡镇（街道）", name, ("乡镇", "乡镇街道", "所在乡镇", "乡镇名称", "镇（乡、街道）"))
_VILLAGE_CODE = Column(
    "village_code", "行政村代码", village_code, ("村代码", "行政村（社区）代码", "村编码", "行政村编码", "行政区划代码")
)
_POSTED_VILLAGE = Column(
    "village_name", "派驻村", name, ("行政村", "村", "村名", "驻村", "所驻村", "派驻村名称", "行政村（社区）", "驻点村")
)
_PERSON_NAME = Column("name", "姓名", person_name, ("干部姓名", "派驻人员", "派驻干部姓名"), required=True)
_PERSON_NUMBER = Column("person_number", "人员编号", aliases=("人员编码", "干部编号"))
_SENDING_UNIT = Column("sending_unit", "派出单位", name, ("选派单位", "原单位", "派出单位名称"))
_LON = Column("lon_deg", "经度", number(73, 136), ("东经", "经度（度）"))
_LAT = Column("lat_deg", "纬度", number(3, 54), ("北纬", "纬度（度）"))
_DATUM = Column("datum", "坐标系", one_of(DATUMS), ("坐标系统", "坐标类型"))
_REMARK = Column("remark", "备注", aliases=("备注说明", "说明"))

#: 行政村名单: the county's villages, their codes and how long each was a village.
VILLAGES: tuple[Column, ...] = (
    Column("town_name", "乡镇（街道）", name, (*_TOWN_NAME.aliases,), required=True),
    Column("town_code", "乡镇代码", town_code, ("乡镇（街道）代码", "乡镇编码")),
    Column(
        "village_name",
        "行政村（社区）",
        name,
        ("行政村", "村名", "村", "村名称", "行政村名称", "村（社区）名称", "村居"),
        required=True,
    ),
    Column("village_code", "行政村代码", village_code, _VILLAGE_CODE.aliases, required=True),
    Column("former_name", "曾用名", name, ("原村名", "原名")),
    Column("kind", "村类型", one_of(VILLAGE_KINDS), ("类型", "村居类型")),
    Column("poor_village", "原贫困村", yes_no, ("原贫困村（是/否）", "是否原贫困村", "是否贫困村", "贫困村")),
    Column("left_list_year", "出列年度", year, ("出列年份", "脱贫出列年度")),
    Column("programme_round", "省级重点村轮次", round_number, ("重点村轮次", "轮次", "省级重点村")),
    Column("hamlets", "自然村名称", names, ("自然村", "下辖自然村")),
    Column("households", "户数", whole_number, ("总户数", "户籍户数")),
    Column("population", "人口", whole_number, ("人口数", "总人口", "户籍人口")),
    Column("office_address", "村部地址", aliases=("村委会地址", "村部所在地")),
    _LON,
    _LAT,
    _DATUM,
    Column("valid_from", "启用日期", day(edge="first"), ("设立日期", "启用时间")),
    Column("valid_to", "撤并日期", day(edge="last", open_end=True), ("撤销日期", "撤并时间")),
    Column("successor_code", "并入村代码", village_code, ("并入行政村代码", "合并后代码")),
    _REMARK,
    *_NEVER_COLLECTED,
)

#: 驻点名单: the offices, quarters, hamlets and seasonal settlements of a village, each a point with a radius.
SITES: tuple[Column, ...] = (
    _TOWN_NAME,
    Column("village_name", "村名", name, ("行政村", "村", "行政村（社区）", "派驻村", "行政村名称")),
    _VILLAGE_CODE,
    Column("name", "驻点名称", name, ("地点名称", "名称", "驻点"), required=True),
    Column("kind", "种类", one_of(SITE_KINDS), ("驻点种类", "驻点类型", "类型", "类别"), required=True),
    Column("lon_deg", "经度", number(73, 136), _LON.aliases, required=True),
    Column("lat_deg", "纬度", number(3, 54), _LAT.aliases, required=True),
    Column("datum", "坐标系", one_of(DATUMS), _DATUM.aliases, required=True),
    Column("radius_m", "半径（米）", number(10, 20_000), ("范围（米）", "半径m")),
    Column("quality", "位置来源", one_of(POSITION_SOURCES), ("坐标来源", "来源")),
    Column("season", "使用季节", aliases=("季节", "居住季节", "使用月份")),
    Column("valid_from", "启用日期", day(edge="first"), ("启用时间",)),
    Column("valid_to", "停用日期", day(edge="last"), ("停用时间",)),
    _REMARK,
    *_NEVER_COLLECTED,
)

#: 派驻人员花名册: who is posted to which village, in what standing, sent by whom, from when to when.
ROSTER: tuple[Column, ...] = (
    _TOWN_NAME,
    _POSTED_VILLAGE,
    _VILLAGE_CODE,
    _PERSON_NAME,
    _PERSON_NUMBER,
    Column("sex", "性别", one_of({"female": ("女",), "male": ("男",)})),
    Column("birth_month", "出生年月", day(edge="first"), ("出生日期", "出生时间")),
    Column("political_status", "政治面貌"),
    Column("sending_unit", "派出单位", name, _SENDING_UNIT.aliases, required=True),
    Column("unit_post", "单位职务", aliases=("职务", "原单位职务", "单位及职务", "现任职务")),
    Column("grade", "职级", aliases=("级别", "行政级别")),
    Column(
        "kind",
        "派驻身份",
        one_of(POSTING_KINDS),
        ("驻村身份", "派驻类别", "驻村职务", "身份类别", "派驻职务"),
        required=True,
    ),
    Column("sent_by_level", "选派层级", aliases=("派驻层级", "选派级别")),
    Column("round", "批次（轮次）", name, ("批次", "轮次", "选派批次")),
    Column("appointment_no", "任职文号", aliases=("文号", "选派文号", "任职文件")),
    Column(
        "from_date",
        "驻村起始时间",
        day(edge="first"),
        (
            "驻村时间",
            "驻村开始时间",
            "任职时间",
            "到任时间",
            "驻村时间起",
            "驻村时间起始时间",
            "驻村时间开始",
            "派驻时间",
        ),
        required=True,
    ),
    Column(
        "to_date",
        "任期届满时间",
        day(edge="last", open_end=True),
        ("届满时间", "任期截止时间", "驻村结束时间", "驻村时间止", "驻村时间届满时间", "驻村时间结束", "到期时间"),
    ),
    Column("state", "在岗状态", one_of(POSTING_STATES), ("状态", "是否在岗")),
    # A month alone leaves open on which day of it a person went. From its first day on they are not expected, since a
    # miss must not be held against somebody who may have left already.
    Column("changed_on", "调整时间", day(edge="first"), ("离任时间", "调整日期", "召回时间")),
    Column("successor_name", "接替人员", person_name, ("接任人员", "接替人", "接替人员姓名")),
    Column("quarters_address", "驻点（住宿）地址", aliases=("驻点地址", "住宿地址", "驻村住址", "住宿地点")),
    Column("must_live_in", "是否要求住村", yes_no, ("要求住村", "是否住村")),
    Column("telephone", "联系电话", aliases=("电话", "手机", "手机号码", "联系方式", "手机号")),
    _REMARK,
    *_NEVER_COLLECTED,
)

#: 请销假登记: who asked to be away, from when to when, who approved and when, and when they were back.
LEAVE: tuple[Column, ...] = (
    _PERSON_NAME,
    _PERSON_NUMBER,
    _TOWN_NAME,
    _POSTED_VILLAGE,
    _SENDING_UNIT,
    Column(
        "kind",
        "类别",
        one_of(LEAVE_KINDS),
        ("请假类别", "请假类型", "假别", "请假种类", "外出类别"),
        required=True,
    ),
    Column("reported_by", "报告方式", one_of(REPORTED_BY), ("请假方式",)),
    Column("applied_at", "申请时间", day_or_time, ("请假申请时间", "申请日期", "报告时间")),
    Column(
        "from_date",
        "离村时间",
        half_day,
        ("离村时间（上/下午）", "离村日期", "请假开始时间", "开始时间", "离岗时间", "请假时间起", "请假起始时间"),
        required=True,
    ),
    Column(
        "to_date",
        "拟返村时间",
        half_day,
        ("拟返村日期", "预计返村时间", "请假结束时间", "结束时间", "拟返岗时间", "请假时间止", "请假截止时间"),
        required=True,
    ),
    Column("days", "天数", number(0, 366), ("请假天数", "离村天数")),
    Column("township_approver", "乡镇审批人", person_name, ("乡镇批准人", "乡镇审批审批人")),
    Column("township_approved_at", "乡镇审批时间", day_or_time, ("乡镇批准时间", "乡镇审批日期", "乡镇审批审批时间")),
    Column("unit_opinion", "派出单位意见"),
    Column("department_approver", "组织部审批人", person_name, ("组织部批准人", "组织部审批审批人")),
    Column(
        "department_approved_at",
        "组织部审批时间",
        day_or_time,
        ("组织部批准时间", "组织部审批日期", "组织部审批审批时间"),
    ),
    Column("extended_to", "续假至", whole_day, ("续假时间", "续假截止时间")),
    Column("returned_on", "实际返村时间", whole_day, ("返村时间", "实际返岗时间", "实际返村日期")),
    Column("cleared_on", "销假时间", whole_day, ("销假日期",)),
    Column("cleared_by", "销假经手人", person_name, ("经手人", "销假经办人")),
    Column("recorded_late_on", "补办时间", whole_day, ("补办日期", "补办手续时间")),
    Column("recorded_late_because", "补办原因"),
    Column("book", "登记簿来源", one_of(LEAVE_BOOKS), ("登记簿", "台账来源", "来源")),
    _REMARK,
    *_NEVER_COLLECTED,
)

#: 账号名单: who may sign in, in which role, for which division, until when and on whose approval.
ACCOUNTS: tuple[Column, ...] = (
    Column("name", "姓名", person_name, ("使用人", "使用人姓名"), required=True),
    Column("login", "登录名", login_name, ("账号", "账号名", "用户名"), required=True),
    Column("role", "角色", one_of(ROLES), ("用户角色", "账号角色"), required=True),
    Column(
        "division_prefix",
        "管辖区划代码",
        division_code,
        ("区划代码", "管辖区划", "行政区划代码", "管辖范围代码"),
        required=True,
    ),
    Column("unit", "单位", name, ("所在单位", "工作单位", "单位名称")),
    Column("ends_on", "有效期至", day(edge="last", open_end=True), ("有效期", "截止日期", "有效期止")),
    Column("approval_number", "批准文号", aliases=("文号", "批准号", "审批文号")),
    _REMARK,
    *_NEVER_COLLECTED,
)

HOUSEHOLD_STANDINGS = {
    "left_list": ("脱贫户", "已脱贫户", "建档立卡户", "脱贫人口"),
    "watched": ("监测户", "监测对象", "防返贫监测对象"),
    "other": ("一般户", "一般农户", "其他"),
}
PROJECT_STATES = {
    "planned": ("未开工", "计划", "拟建"),
    "under_way": ("在建", "实施中", "已开工"),
    "finished": ("完工", "竣工", "已完工", "已竣工"),
    "paid": ("已报账", "已拨付", "已付款"),
}

#: 农户名单: whom to ask for in a village, by the number of its own list. Nothing else of a household is read.
HOUSEHOLDS: tuple[Column, ...] = (
    _TOWN_NAME,
    Column("village_name", "行政村", name, ("村名", "村", "行政村（社区）", "行政村名称")),
    _VILLAGE_CODE,
    Column("serial", "户编号", required=True, aliases=("户号", "编号", "农户编号")),
    Column("group_name", "村民小组", aliases=("小组", "自然村", "组别")),
    Column("name", "户主", person_name, ("户主姓名", "姓名"), required=True),
    Column("standing", "户类型", one_of(HOUSEHOLD_STANDINGS), ("农户类型", "类型", "户属性")),
    _discarded("telephone", "电话", "手机"),
    *_NEVER_COLLECTED,
)

#: 项目库名单: the projects of the county's store, where they are planned and how they stand. No money is read.
PROJECTS: tuple[Column, ...] = (
    _TOWN_NAME,
    Column("village_name", "行政村", name, ("村名", "村", "行政村（社区）", "行政村名称", "项目所在村")),
    _VILLAGE_CODE,
    Column("code", "项目编号", required=True, aliases=("项目代码", "项目库编号")),
    Column("name", "项目名称", required=True, aliases=("名称",)),
    Column("state", "项目状态", one_of(PROJECT_STATES), ("状态", "建设状态", "进度"), required=True),
    _LON,
    _LAT,
    _DATUM,
    _discarded("amount", "金额", "资金", "万元", "投资"),
    *_NEVER_COLLECTED,
)

CHECK_KINDS = {
    "mid_year": ("年中督查", "半年督查"),
    "annual_appraisal": ("年度考核", "年终考核"),
    "fund_performance": ("财政专项扶贫资金绩效评价", "资金绩效评价", "绩效评价"),
    "unannounced": ("暗访", "随机暗访", "四不两直"),
    "other": ("其他", "其他检查", "专项检查"),
}

#: 年度检查计划表: what is checked, when, on whose approval, and how often in each town; one row for each town.
PLAN: tuple[Column, ...] = (
    Column("title", "检查事项", text, ("检查名称", "事项名称", "事项"), required=True),
    Column("kind", "类别", one_of(CHECK_KINDS), ("检查类别", "检查类型"), required=True),
    Column("from_date", "开始日期", day(edge="first"), ("起始日期", "开始时间"), required=True),
    Column("to_date", "结束日期", day(edge="last"), ("截止日期", "结束时间"), required=True),
    Column("approver_name", "批准人", person_name, ("审批人",)),
    Column("paper_number", "批准文号", aliases=("文号",)),
    Column("third_party", "第三方机构", name, ("受托单位", "第三方")),
    Column("approval_number", "省级批准文号", aliases=("省批准文号",)),
    Column("approval_ends_on", "批准截止日期", day(edge="last"), ("省级批准截止日期",)),
    _TOWN_NAME,
    Column("town_code", "乡镇代码", town_code, ("乡镇（街道）代码", "乡镇编码")),
    Column("most", "次数上限", whole_number, ("乡镇指标", "检查次数", "次数")),
    _REMARK,
)

BOOKS: dict[str, tuple[Column, ...]] = {
    "villages": VILLAGES,
    "sites": SITES,
    "roster": ROSTER,
    "leave": LEAVE,
    "accounts": ACCOUNTS,
    "households": HOUSEHOLDS,
    "projects": PROJECTS,
    "plan": PLAN,
}
