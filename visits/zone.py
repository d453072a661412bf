"""The one time zone of the country: slots, nights and last days are local, whatever the server's clock is set to."""

from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Shanghai")
