"""Load on a gateway over loopback, beside another one and the bare upstream."""
