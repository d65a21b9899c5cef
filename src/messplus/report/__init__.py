"""Reports of replays: tables, plots and one self-contained page, from results alone."""
