"""rodepil: reproducible video detection of seizures in rodents."""

__version__ = "0.1.0"
