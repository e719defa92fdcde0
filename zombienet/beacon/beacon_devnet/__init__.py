"""An Ethereum development network: the executable consensus spec driving a real execution node."""

__version__ = "0.1.0"
