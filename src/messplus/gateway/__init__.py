"""An OpenAI-compatible server in front of a zoo: routes requests, keeps promises, learns from feedback."""
