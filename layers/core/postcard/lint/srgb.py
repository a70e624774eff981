"""The transfer function of sRGB (IEC 61966-2-1), between stored channels and linear light."""


def to_linear(byte: int) -> float:
    """The linear light of a channel, 0 to 1."""
    channel = byte / 255
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def from_linear(linear: float) -> int:
    """The channel of a linear light, 0 to 255; outside 0 to 1 it is clamped."""
    clamped = min(1.0, max(0.0, linear))
    curved = clamped * 12.92 if clamped <= 0.0031308 else 1.055 * clamped ** (1 / 2.4) - 0.055
    return int(curved * 255 + 0.5)
