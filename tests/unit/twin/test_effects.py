from ci_tools.twin.effects import Delay


def test_a_delay_scales_its_times_and_keeps_its_shape() -> None:
    """Median and cap are scaled, sigma, seed and spared chunks are not."""
    scaled = Delay(median_s=5.0, sigma=0.5, cap_s=20.0, seed=7, spared_chunks=3).scaled(0.1)

    assert scaled == Delay(median_s=0.5, sigma=0.5, cap_s=2.0, seed=7, spared_chunks=3)
