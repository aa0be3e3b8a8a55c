"""The devices as the Train screen lists them."""

from concurrent.futures import ThreadPoolExecutor

from bert4rec_tui.tui.train.devices import devices


def test_the_devices_found_on_another_thread_know_a_busy_core(busy_core: None):
    with ThreadPoolExecutor(1) as pool:
        cpu = pool.submit(devices).result()[-1]
    assert cpu.name == "cpu"
    assert cpu.load is not None
    assert 0 < cpu.load <= 100
