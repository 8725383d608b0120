"""Seeds that hang on what they are for, and on nothing that happened before."""

from __future__ import annotations

from rodepil.io.files import short_hash

SEED_DIGITS = 15  # hexadecimal: 60 bits, which every torch generator takes


def derive_seed(*parts: object) -> int:
    """Return a seed that hangs on `parts` alone, in [0, 2**60).

    Parameters
    ----------
    *parts
        What the seed is for, as in ``derive_seed("order", seed, epoch)``: nothing is carried
        from step to step, so a trial that is taken up again draws what it would have drawn.
    """
    return int(short_hash(*parts, digits=SEED_DIGITS), 16)
