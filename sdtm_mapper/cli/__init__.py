"""The command line: one file per command, loaded when it is called."""


def main() -> None:
    """Run the command `sdtm-mapper`."""
    raise NotImplementedError
