"""One trial in plain PyTorch: loader, loop, loss, schedule, metrics, checkpoints."""
