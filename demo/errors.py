"""What can go wrong in the demo."""


class DemoError(Exception):
    """The run cannot go on, or something differs from what the story promises; the text says what."""


class PhoneError(DemoError):
    """The server answered something a phone cannot act on by itself, or could not be reached for too long."""


class ServerDied(DemoError):
    """The server's process ended by itself."""
