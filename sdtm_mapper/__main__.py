"""`python -m sdtm_mapper` is the command `sdtm-mapper`."""

from sdtm_mapper.cli import main

if __name__ == "__main__":
    main()
