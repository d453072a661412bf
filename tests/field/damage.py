"""A phone's memory that lies: one byte of what it keeps, turned and turned back."""

from playwright.sync_api import Page

# The first byte of the sealed part of one row's box, where the row itself may be the box.
_TURN = """async ([store, key, box]) => {
  const {write} = await import('/field/static/engine/db.js');
  await write(store, async (tx) => {
    const row = await tx.objectStore(store).get(key);
    const found = box ? row[box] : row;
    new Uint8Array(found.sealed)[0] ^= 1;
    await tx.objectStore(store).put(row);
  });
}"""


def turn_a_byte(page: Page, store: str, key: object, box: str | None = "box") -> None:
    """Damage one sealed row of the phone's store; done twice, it is whole again."""
    page.evaluate(_TURN, [store, key, box])
