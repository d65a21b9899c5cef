"""What a gateway is told: one YAML file, checked whole before anything starts."""
