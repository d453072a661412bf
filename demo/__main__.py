"""``python -m demo``: play the story on the sample county, a season beside it, then serve their pages."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

# Before numpy is loaded, as wsgi.py has it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import click

from demo.cast import ACCOUNTS, ADMIN_LOGIN
from demo.errors import DemoError
from demo.run import STEPS, run_story
from demo.season import SEASON_STEPS, play_season
from demo.server import Server, free_port
from demo.stage import Stage
from demo.story import Story

SERVED_FOLDER = "demo-data"
MARKER = ".shidi-demo"


@click.command()
@click.option("--serve/--no-serve", default=True, help="Serve the pages after the run until stopped.")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder; an earlier demo's folder is made anew.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port on this machine; a free one if not given.")
@click.option("--visits", type=click.IntRange(0, 5_000), default=150, help="Visits of the season; none: 0; whole: 900.")
def demo(serve: bool, data: Path | None, port: int | None, visits: int) -> None:
    """One unannounced visit from workbook to decision, then a season of the county, over real HTTP.

    People are invented and places synthetic.
    """
    signal.signal(signal.SIGTERM, _end_as_by_ctrl_c)
    story = Story(STEPS + (SEASON_STEPS if visits else 0))
    with tempfile.TemporaryDirectory(prefix="shidi-demo-") as temporary:
        folder = _fresh(data or (Path(SERVED_FOLDER) if serve else Path(temporary) / "data"))
        server = Server(folder, port or free_port())
        try:
            run = run_story(folder, server, story)
            if visits:
                play_season(run, visits)
            story.tell(f"{story.checked} promises checked, all kept")
            story.print_summary()
            if serve:
                _serve(run)
        except DemoError as reason:
            story.print_summary()
            click.echo(f"\n演示未按预期完成 / The demo did not end as promised: {reason}", err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("\n已停止 / Stopped.")
            sys.exit(0 if serve and story.done == story.steps else 130)
        finally:
            server.stop()


def _fresh(folder: Path) -> Path:
    """An empty data folder; only a folder that a demo made is emptied."""
    folder = folder.resolve()
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARKER).exists():
            raise click.ClickException(
                f"{folder} is not empty and was not made by the demo; name another --data folder"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARKER).write_text("Made by the demo, which empties this folder when it runs again.\n")
    return folder


def _serve(run: Stage) -> None:
    """Print addresses and accounts, and wait until the server is stopped."""
    base = run.server.base_url
    click.echo(f"\n页面 / Desk        {base}/desk/")
    click.echo(f"本次暗访 / Visit   {base}/desk/visits/{run.visit_id}")
    click.echo(f"地图 / Map         {base}/desk/map")
    click.echo(f"接口 / API         {base}/api/v1/docs")
    click.echo(f"数据 / Data        {run.data_dir}\n\n演示账号 / Demo accounts (invented people):")
    roles = {ADMIN_LOGIN: "管理员", **{account.login: account.role_zh for account in ACCOUNTS}}
    for login, passphrase in run.office.passphrases.items():
        click.echo(f"  {login:<11} {passphrase}  {roles[login]}")
    click.echo("  第二验证方式在演示中不强制，可在“我的账号”里设置。")
    click.echo("  The second factor is offered, not required, in this demo; set one up under “my account”.")
    click.echo("\n按 Ctrl-C 结束 / Ctrl-C ends it.")
    run.server.wait()


def _end_as_by_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    """A polite request to end is handled like Ctrl-C, so that the server is ended too."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    demo()
