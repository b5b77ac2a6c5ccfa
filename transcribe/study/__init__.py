"""What the lab tells us: settings, the manifest of recordings, the roster of people."""
