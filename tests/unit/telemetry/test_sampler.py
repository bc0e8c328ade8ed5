import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from annt_prof.telemetry import columns, recorder, sampler, series
from annt_prof.telemetry.nvml import Device
from annt_prof.telemetry.recorder import DeviceSource, record
from annt_prof.telemetry.replay import ReplayNvml
from annt_prof.telemetry.sampler import Sampler


def until(condition, patience_s=20.0):
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def rows_of(path):
    return len(series.read(path).times_ns)


def resident_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "telemetry.csv"


@pytest.fixture
def scripted_gpu(tmp_path, monkeypatch):
    """A pynvml whose device replays a script, found first by the sampling process."""
    (tmp_path / "stub").mkdir()
    (tmp_path / "stub" / "pynvml.py").write_text(
        textwrap.dedent(
            """
            import importlib.util, sys
            me = sys.modules.pop("pynvml")
            here = sys.path.pop(0)
            import pynvml as real
            sys.path.insert(0, here)
            from annt_prof.telemetry.replay import ReplayNvml
            replay = ReplayNvml(
                {
                    "nvmlDeviceGetTotalEnergyConsumption": list(range(0, 10**6, 10_000)),
                    "nvmlDeviceGetTemperature": [66],
                }
            )
            real.nvmlInit = lambda: None
            for name in ("Count", "HandleByIndex", "Name", "UUID", "FieldValues",
                         "TotalEnergyConsumption", "Temperature", "PowerUsage",
                         "UtilizationRates", "MemoryInfo", "ClockInfo", "PcieThroughput",
                         "CurrentClocksEventReasons", "CurrentClocksThrottleReasons"):
                setattr(real, "nvmlDeviceGet" + name, getattr(replay, "nvmlDeviceGet" + name))
            sys.modules["pynvml"] = real
            """
        )
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "stub"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_the_host_is_sampled_until_told_to_stop(path):
    before = time.monotonic_ns()
    with Sampler.start(path, os.getpid(), device=False) as running:
        assert "host CPU and memory sampled at 25 Hz" in running.note
        assert "no GPU counters: the run uses the CPU" in running.note
        assert until(lambda: rows_of(path) >= 5), "rows must be readable while it runs"
    after = time.monotonic_ns()
    read = series.read(path)
    assert before < read.times_ns[0] < read.times_ns[-1] < after
    assert set(read.samples) == set(columns.HOST_COLUMNS)
    assert "ended early" not in running.note


def test_the_rate_is_at_least_20_hz():
    assert recorder.RATE_HZ >= 20
    assert recorder.PERIOD_NS * recorder.RATE_HZ == 1_000_000_000


def test_the_sampling_process_itself_is_left_out(path):
    with Sampler.start(path, os.getpid(), device=False) as running:
        assert until(lambda: rows_of(path) >= 3)
        sampler_bytes = resident_bytes(running._process.pid)
        # Other tests may have left children of this process, such as a fork server.
        tree = [psutil.Process(), *psutil.Process().children(recursive=True)]
        others = sum(p.memory_info().rss for p in tree if p.pid != running._process.pid)
    sampled = series.read(path).samples[columns.TREE_MEMORY_BYTES].values[-1]
    assert abs(sampled - others) < sampler_bytes / 2


@pytest.mark.usefixtures("scripted_gpu")
def test_a_gpu_is_sampled_beside_the_host(path):
    with Sampler.start(path, os.getpid(), device=True) as running:
        assert "GPU counters of Replayed GPU" in running.note
        assert until(lambda: rows_of(path) >= 6)
    read = series.read(path)
    assert set(read.samples[columns.GPU_TEMPERATURE_C].values) == {66}
    energy = read.samples[columns.GPU_ENERGY_MILLIJOULES].values
    assert set(series.np.diff(energy)) == {10_000}
    window = [(int(read.times_ns[1]), int(read.times_ns[-1]))]
    assert read.energy_j(window) > 0
    assert read.summary(window).gpu_temperature_c == 66


def test_without_nvml_one_line_says_why(path, monkeypatch, tmp_path):
    (tmp_path / "stub").mkdir()
    (tmp_path / "stub" / "pynvml.py").write_text("raise ImportError('no driver here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "stub"))
    with Sampler.start(path, os.getpid(), device=True) as running:
        assert "\n" not in running.note
        assert "no driver here" in running.note
        assert until(lambda: rows_of(path) >= 2)


def test_an_interrupt_is_ignored(path):
    with Sampler.start(path, os.getpid(), device=False) as running:
        assert until(lambda: rows_of(path) >= 1)
        os.kill(running._process.pid, signal.SIGINT)
        now = rows_of(path)
        assert until(lambda: rows_of(path) >= now + 5)
        assert "ended early" not in running.note


def test_a_killed_sampler_leaves_its_rows_and_a_note(path):
    with Sampler.start(path, os.getpid(), device=False) as running:
        assert until(lambda: rows_of(path) >= 3)
        running._process.kill()
        running._process.wait()
        assert running.note.startswith("telemetry ended early (exit status -9); until then: host")
    assert running.note.startswith("telemetry ended early"), "also after it was stopped"
    assert rows_of(path) >= 3


def test_a_file_that_cannot_be_written_is_a_note(tmp_path):
    with Sampler.start(tmp_path / "absent" / "t.csv", os.getpid(), device=False) as running:
        assert "No such file or directory" in running.note
        assert running.note.endswith("nothing was sampled")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_a_note(path):
    path.symlink_to("/dev/full")
    with Sampler.start(path, os.getpid(), device=False) as running:
        assert until(lambda: running._process.poll() is not None)
        assert "No space left on device" in running.note


def test_an_interpreter_that_does_not_start_is_a_note(path, monkeypatch):
    monkeypatch.setattr(sampler.sys, "executable", "/nowhere/python")
    with Sampler.start(path, os.getpid(), device=False) as running:
        assert "No such file" in running.note
        assert running.note.endswith("nothing was sampled")


def test_stopping_twice_is_stopping_once(path):
    running = Sampler.start(path, os.getpid(), device=False)
    running.stop()
    note = running.note
    running.stop()
    assert running.note == note


def test_it_ends_with_its_parent(path):
    program = (
        "import os, sys, pathlib; from annt_prof.telemetry.sampler import Sampler\n"
        "s = Sampler.start(pathlib.Path(sys.argv[1]), os.getpid(), False)\n"
        "print(s._process.pid, s.note, flush=True)\n"
        "if not os.fork(): import time; time.sleep(30)\n"  # holds the pipe open
        "os._exit(0) if sys.argv[2] == 'end' else os.kill(os.getpid(), 9)\n"
    )
    for how in ("end", "kill"):
        command = [sys.executable, "-c", program, str(path), how]
        with subprocess.Popen(command, stdout=subprocess.PIPE, process_group=0) as parent:
            pid = int(parent.stdout.readline().split()[0])
            parent.wait()
            try:
                assert until(lambda pid=pid: ended(pid))
            finally:
                os.killpg(parent.pid, signal.SIGKILL)


def ended(pid):
    """Whether a process is gone, or waits for a parent that nobody plays here."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rsplit(")", 1)[1].split()[0] == "Z"


def test_a_user_s_modules_do_not_get_in_the_way(path, tmp_path, monkeypatch):
    (tmp_path / "select.py").write_text("raise SystemExit('mine')")
    monkeypatch.chdir(tmp_path)
    with Sampler.start(path, os.getpid(), device=False) as running:
        assert running.note.startswith("host CPU")


def test_the_sampling_process_imports_little():
    program = "import sys, annt_prof.telemetry.recorder; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "numpy", "msgspec", "psutil", "pandas", "pynvml"} & set(loaded)


class Scripted:
    def __init__(self, *readings):
        self.readings = list(readings)

    def read(self):
        return self.readings.pop(0) if self.readings else {}


def recorded(path, sources, num_waits):
    waits = []

    def ended(seconds):
        waits.append(seconds)
        return len(waits) >= num_waits

    with path.open("wb") as file:
        record(file.fileno(), sources, ended)
    return waits


def test_a_row_holds_what_every_source_said(path):
    gpu = Scripted({columns.GPU_TEMPERATURE_C: 50}, {}, {columns.GPU_TEMPERATURE_C: 52})
    host = Scripted(*[{columns.TREE_CPU_NS: n} for n in (1, 2, 3)])
    recorded(path, [gpu, host], num_waits=2)
    read = series.read(path)
    assert list(read.samples[columns.GPU_TEMPERATURE_C].values) == [50, 52]
    assert list(read.samples[columns.TREE_CPU_NS].values) == [1, 2, 3]


def test_a_slow_source_makes_rows_drop_out_not_pile_up(path, monkeypatch):
    clock = {"now": 0}

    class Slow:
        def read(self):
            clock["now"] += 3 * recorder.PERIOD_NS
            return {}

    monkeypatch.setattr(recorder.time, "monotonic_ns", lambda: clock["now"])
    waits = recorded(path, [Slow()], num_waits=4)
    assert waits == [0, 0, 0, 0], "it never waits once it is late"
    assert rows_of(path) == 5


def test_waiting_keeps_to_the_beat_not_to_the_pause(path, monkeypatch):
    clock = {"now": 10**9}

    class Taking:
        def read(self):
            clock["now"] += 7_000_000
            return {}

    monkeypatch.setattr(recorder.time, "monotonic_ns", lambda: clock["now"])
    starts = []

    def ended(seconds):
        clock["now"] += round(seconds * 1e9)
        starts.append(clock["now"])
        return len(starts) == 4

    with path.open("wb") as file:
        record(file.fileno(), [Taking()], ended)
    assert set(series.np.diff(starts)) == {recorder.PERIOD_NS}


def test_pcie_counters_start_at_nothing():
    import pynvml

    fields = {
        pynvml.NVML_FI_DEV_PCIE_COUNT_TX_BYTES: [(1 << 32) - 10, (1 << 32) - 10, 5],
        pynvml.NVML_FI_DEV_PCIE_COUNT_RX_BYTES: [100, 100, 350],
    }
    source = DeviceSource(Device(ReplayNvml({}, fields), 0))
    first, second = source.read(), source.read()
    assert first[columns.GPU_PCIE_TX_BYTES] == first[columns.GPU_PCIE_RX_BYTES] == 0
    assert second[columns.GPU_PCIE_TX_BYTES] == 15
    assert second[columns.GPU_PCIE_RX_BYTES] == 250


def test_without_pcie_counters_a_thread_asks():
    replay = ReplayNvml({"nvmlDeviceGetPcieThroughput": [9]})
    source = DeviceSource(Device(replay, 0))
    found = {}
    assert until(lambda: found.update(source.read()) or columns.GPU_PCIE_TX_BYTES_PER_S in found)
    assert found[columns.GPU_PCIE_TX_BYTES_PER_S] == 9_000
    assert threading.active_count() > 1
