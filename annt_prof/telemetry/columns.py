"""The columns of a telemetry file. Cumulative columns only grow; the others are momentary."""

from __future__ import annotations

TIME_NS = "time_ns"

# Cumulative: the growth between two instants is exact however rarely they are sampled.
GPU_ENERGY_MILLIJOULES = "gpu_energy_millijoules"
GPU_PCIE_TX_BYTES = "gpu_pcie_tx_bytes"
GPU_PCIE_RX_BYTES = "gpu_pcie_rx_bytes"
TREE_CPU_NS = "tree_cpu_ns"
SYSTEM_BUSY_NS = "system_busy_ns"

# Momentary.
GPU_POWER_MILLIWATTS = "gpu_power_milliwatts"
GPU_UTILISATION_PERCENT = "gpu_utilisation_percent"
GPU_MEMORY_BYTES = "gpu_memory_bytes"
GPU_SM_CLOCK_MHZ = "gpu_sm_clock_mhz"
GPU_MEMORY_CLOCK_MHZ = "gpu_memory_clock_mhz"
GPU_TEMPERATURE_C = "gpu_temperature_c"
GPU_THROTTLE_BITS = "gpu_throttle_bits"
GPU_PCIE_TX_BYTES_PER_S = "gpu_pcie_tx_bytes_per_s"
GPU_PCIE_RX_BYTES_PER_S = "gpu_pcie_rx_bytes_per_s"
TREE_MEMORY_BYTES = "tree_memory_bytes"
SYSTEM_AVAILABLE_BYTES = "system_available_bytes"

DEVICE_COLUMNS = (
    GPU_ENERGY_MILLIJOULES,
    GPU_POWER_MILLIWATTS,
    GPU_UTILISATION_PERCENT,
    GPU_MEMORY_BYTES,
    GPU_SM_CLOCK_MHZ,
    GPU_MEMORY_CLOCK_MHZ,
    GPU_TEMPERATURE_C,
    GPU_THROTTLE_BITS,
    GPU_PCIE_TX_BYTES,
    GPU_PCIE_RX_BYTES,
    GPU_PCIE_TX_BYTES_PER_S,
    GPU_PCIE_RX_BYTES_PER_S,
)
HOST_COLUMNS = (TREE_CPU_NS, TREE_MEMORY_BYTES, SYSTEM_BUSY_NS, SYSTEM_AVAILABLE_BYTES)
COLUMNS = (TIME_NS, *DEVICE_COLUMNS, *HOST_COLUMNS)
