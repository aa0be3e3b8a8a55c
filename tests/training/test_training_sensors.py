"""How busy the machine is, as a run records it."""

import time
from concurrent.futures import ThreadPoolExecutor

import torch

from bert4rec_tui.runs.events import System
from bert4rec_tui.training.sensors import Sensors


def test_the_first_reading_on_another_thread_knows_a_busy_core(busy_core: None):
    sensors = Sensors(torch.device("cpu"))

    def first() -> System:
        sensors.begin()
        time.sleep(0.3)
        return sensors.read()

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(first).result()
    assert 0 < reading.cpu <= 100
    assert 0 < reading.process_memory < reading.memory_total
