"""Language models on this machine: a manifest of them, fetched, verified, served on loopback."""
